/* An archive as its ledger tells it, seen from the outside: the chain is checked from end to end,
 * then its lines are gone through up to the last commit. Takes no lock and writes nothing; works
 * beside a writer, on a copy, on a read-only disk. */
#pragma once

#include "base/err.h"
#include "ctl/damage.h"
#include "store/ledger.h"

#include <stdint.h>

#define CHAIN_NONE 1 /* there is no archive */

enum chain_catalog {
        CHAIN_CATALOG_NONE,
        CHAIN_CATALOG_UNREAD, /* there, but it cannot be read as it is */
        CHAIN_CATALOG_READ,
        CHAIN_CATALOG_OTHER, /* it knows another ledger than this one: damage, and told so */
};

struct chain {
        int dirfd, fd;           /* the archive's directory, its ledger */
        struct ledger_head good; /* behind the last complete group: what is committed */
        uint64_t uncommitted;    /* bytes behind that */
        enum chain_catalog catalog;
        struct ledger_head catalog_head; /* if it was read */
};

/* CHAIN_NONE; -1: ERR_DAMAGE (there are parts of an archive, but no ledger), ERR_HOST. Nothing is
 * read yet, so that what has to be seen before the ledger can be looked at. */
int chain_open(const char *directory, struct chain *ret, struct err *e);
void chain_done(struct chain *c); /* whatever chain_open returned */

/* Read the head that the catalog reflects, then the whole ledger, and tell every damage. -1:
 * ERR_CONFIG (a format that this version does not know), ERR_HOST. */
int chain_check(struct chain *c, struct damage *d, struct err *e);

/* Call fn for each line up to the last commit, in order. Lines that do not prove themselves are
 * left out; so are repeated ones. fn returns 0, or a positive number to end it early, which then
 * comes back. */
int chain_each(const struct chain *c, int (*fn)(void *ctx, const struct ledger_line *line),
               void *ctx, struct err *e);
