/* `head`: the ledger's head, for a second witness. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

/* Checks the whole chain first. Where it is damaged, the head is still that of the last line that
 * proves itself. */
int head_archive(struct verb *v, const struct args *a);
