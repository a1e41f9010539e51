/* chatarchivectl cat: a stream's records as JSON lines. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

/* Everything committed, in the ledger's order, each frame proven before it is shown; of it what
 * since and until mean (ctl/sieve), and with `latest` only the newest version of each completion.
 * What is damaged is left out and told on err. A reader who goes away (EPIPE) ends it quietly;
 * another failure to write is left to main to see. An enum verb_exit. */
int cat_archive(struct verb *v, const struct args *a);
