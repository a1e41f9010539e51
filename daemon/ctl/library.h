/* The archive opened for reading by its catalog: completions in the order of their creation, and
 * each with its versions, its prompt and its history. Beside a writer, on a copy, on a read-only
 * disk: where DIR's catalog is missing, unreadable, of another version or ledger, or behind a ledger
 * that nobody writes, a new one is built in an unnamed temporary file, for which every frame is
 * read. All bytes that come out are proven by the ledger's digests first. */
#pragma once

#include "base/err.h"
#include "ctl/chain.h"
#include "ctl/damage.h"
#include "ctl/filter.h"
#include "ctl/record.h"
#include "ctl/verb.h"
#include "store/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct library;

#define LIBRARY_NONE 1 /* open: there is no archive; else: no such completion, version, prompt */
#define LIBRARY_LOST 2 /* it was archived, but its bytes are damaged: told to the damage, once */

/* Damage of the chain and of frames is told to *d, which must stay. 0, LIBRARY_NONE, -1. */
int library_open(const struct verb *v, struct damage *d, struct library **ret, struct err *e);
struct library *library_close(struct library *l); /* takes NULL, returns NULL */
const struct chain *library_chain(const struct library *l);
struct catalog *library_catalog(struct library *l);

struct library_row {
        char id[CATALOG_ID_MAX];
        struct catalog_record r;
};

/* The completions that the filter's catalog part (since, until, gone, changed) lets through, by
 * created: fn for each, a copy of its row, no transaction open meanwhile. newest_first as said. fn
 * returns 0, or a positive number to end it, which comes back. */
int library_each(struct library *l, const struct filter *f, bool newest_first,
                 int (*fn)(void *ctx, const struct library_row *row), void *ctx, struct err *e);
/* One of them, by its id. */
int library_find(struct library *l, const char *id, size_t n, struct library_row *ret,
                 struct err *e);

/* The completion's version number `version`, from 1 (0: the newest), verbatim. Frames read one
 * after another are decoded once. 0, LIBRARY_NONE, LIBRARY_LOST, -1. */
int library_version(struct library *l, const struct library_row *row, uint64_t version,
                    struct record *to, struct err *e);
/* When was that version archived, and by which request? (Of its frame's line in the ledger.) */
struct library_origin {
        usec_t archived;
        uint64_t walk;
        char request_id[128]; /* "": unknown */
        char segment[NAME_MAX_BYTES];
        uint64_t offset;
};
int library_origin(struct library *l, const struct library_row *row, uint64_t version,
                   struct library_origin *ret, struct err *e);
/* The prompt: each line of `messages` for it, in order, as archived. fn as above. LIBRARY_NONE:
 * none is archived (yet); see row->r.messages for why. */
int library_messages(struct library *l, const struct library_row *row, struct record *scratch,
                     int (*fn)(void *ctx, const struct json *message), void *ctx, struct err *e);
/* Its lines of `changes` of the types changed, gone and returned, in order. */
int library_changes(struct library *l, const struct library_row *row, struct record *scratch,
                    int (*fn)(void *ctx, const struct json *change), void *ctx, struct err *e);
