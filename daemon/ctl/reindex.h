/* `reindex`: the catalog anew, from ledger and segments alone. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int reindex_archive(struct verb *v, const struct args *a);
