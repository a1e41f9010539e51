/* `walks`: all walks that the ledger tells of. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

/* The newest first, or as `reverse` and filter.limit say; also those that have begun and tell no
 * end: the one under way, and those that were killed. A table; as JSON an object a line; bare the
 * numbers. VERB_NOT: there is none. */
int walks_archive(struct verb *v, const struct args *a);
