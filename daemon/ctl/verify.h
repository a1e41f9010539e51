/* chatarchivectl verify: is everything there that the ledger says, and nothing else? */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

/* quick: the chain, presence and lengths; no segment is read. sample, of: all that, and the frames
 * and sealed files of one part of them. head_seq, head_hash: the chain has to contain that line. An
 * enum verb_exit. */
int verify_archive(struct verb *v, const struct args *a);
