/* The completions that the whole filter lets through, one after another: what list and export have
 * in common. */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "ctl/library.h"

#include <stdbool.h>

#define PICK_NOT 3

struct pick {
        struct library *library;
        struct damage *damage; /* the library's */
        const struct filter *filter;
        bool newest_first;
        bool read; /* the record is wanted, even if the filter does not ask for it */
        /* completion: the newest version, parsed, until fn returns; NULL if it was not
         * read, or is damaged (and `lost`). PICK_NOT: it does not count against the limit; another
         * number, 1 or 2, ends it. */
        int (*fn)(void *ctx, const struct library_row *row, const struct json *completion,
                  bool lost);
        void *ctx;
};

/* What is damaged is told; if the filter had to read it, it is left out. 0, what fn returned, -1. */
int pick_each(const struct pick *p, struct err *e);

/* A version's record, parsed: as library_version. The text is the record's, and valid as long. */
int pick_read(struct library *l, struct damage *d, const struct library_row *row, uint64_t version,
              struct record *record, struct json *ret, struct err *e);
/* r, of a call of the library's for this row, unless it failed for damage in a single record: then
 * that is told, and it is LIBRARY_LOST: the others are still there. */
int pick_lost(struct damage *d, enum stream stream, const struct library_row *row, int r,
              const struct err *e);

/* "archived", "waiting", "none" (there is no prompt), "missing" (the server had none any more) */
const char *pick_prompt(const struct library_row *row);
