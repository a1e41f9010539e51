/* chatarchivectl cat: a stream's records as JSON lines. */
#pragma once

#include "ctl/verb.h"
#include "store/name.h"

/* Everything committed, in the ledger's order, each frame proven before it is shown. What is
 * damaged is left out and told on err. A reader who goes away (EPIPE) ends it quietly; another
 * failure to write is left to main to see. An enum verb_exit. */
int cat_stream(const struct verb *v, enum stream stream);
