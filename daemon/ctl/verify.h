/* chatarchivectl verify: is everything there that the ledger says, and nothing else? */
#pragma once

#include "ctl/verb.h"

/* quick: the chain, presence and lengths; no segment is read. An enum verb_exit. */
int verify_archive(const struct verb *v, bool quick);
