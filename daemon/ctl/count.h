/* How many completions an archive has. The ledger counts lines only; which of them are versions of
 * one id is known to the catalog, or to who reads them all. */
#pragma once

#include "base/err.h"
#include "ctl/chain.h"
#include "ctl/damage.h"
#include "store/catalog.h"

#include <stdbool.h>

struct count {
        struct catalog_counts counts;
        int64_t waiting; /* created, of the oldest that waits for its messages; 0: none does */
        uint64_t seq;    /* the line of the ledger that they reflect */
};

/* From the catalog; where it is missing, unreadable, of another ledger, or behind while nobody
 * writes, from a new one in a temporary file, for which every frame is read. Damage is told. -1:
 * they cannot be had. */
int count_completions(const struct chain *chain, bool writing, struct count *ret, struct damage *d,
                      struct err *e);
