/* The records: in memory only when each was created, what became of it, and their order; the bytes
 * are made when they are sent. Records are numbered from 0, the oldest; those that are added later
 * go on from there, whatever their second. */
#pragma once

#include "recorded.h"
#include "rope.h"
#include "shape.h"

enum store_clock { CLOCK_NONE, CLOCK_REQUESTS, CLOCK_LISTS, CLOCK_NEVER };

struct record {
        int64_t created;
        uint64_t visible_after; /* … so many of what `late` counts */
        uint32_t edit;          /* 1 + the newest in edits; 0: never edited */
        uint8_t late;           /* enum store_clock */
        bool deleted;
        bool shown; /* version 0 was in an answer */
};

struct edit {
        uint32_t record;
        uint32_t version;
        uint32_t older; /* like record.edit */
        bool shown;
        char *metadata; /* an object, or NULL for a generated one */
        size_t n_metadata;
};

/* A version of a record: what a page holds on to, whatever is edited while it is sent. */
struct version {
        uint32_t record;
        uint32_t edit; /* like record.edit */
};

struct store {
        const struct shape *shape;
        struct recorded recorded;
        struct record *records;
        size_t n, room;
        uint32_t *order; /* by second, then id */
        struct edit *edits;
        size_t n_edits;
        uint64_t clock[CLOCK_NEVER + 1]; /* requests and lists so far */
        struct rng rng;                  /* order within a second, random choices */
};

struct store_plan {
        uint64_t records;
        int64_t start; /* the newest one's second */
        uint64_t spread, ties, tie_storm;
        const char *serve_dir; /* or NULL */
};

void store_init(struct store *s, const struct shape *shape, const struct store_plan *plan);
void store_done(struct store *s);

/* A new record; its number. */
uint32_t store_add(struct store *s, int64_t created, enum store_clock late, uint64_t after);

/* The next version of a record. metadata is a JSON object, or p is NULL for a generated one. */
void store_edit(struct store *s, uint32_t record, struct slice metadata);

/* Append the id, decoded. */
void store_id(const struct store *s, uint32_t record, struct buf *ret);
/* The record with that id, deleted and late ones too, or UINT32_MAX. */
uint32_t store_find(const struct store *s, struct slice id);
/* Neither deleted nor late. */
bool store_visible(const struct store *s, uint32_t record);

int64_t store_newest(const struct store *s);
/* How many of `order` were created before that second. */
size_t store_before(const struct store *s, int64_t created);
/* The record's place in `order`. */
size_t store_place(const struct store *s, uint32_t record);

static inline struct version store_current(const struct store *s, uint32_t record)
{
        return (struct version){ record, s->records[record].edit };
}

bool store_was_shown(const struct store *s, struct version v);
void store_mark_shown(struct store *s, struct version v);

/* Put that version's bytes into an empty rope. */
void store_render(const struct store *s, struct version v, struct rope *ret);

uint32_t store_message_count(const struct store *s, uint32_t record);
void store_render_message(const struct store *s, uint32_t record, uint32_t which, struct rope *ret);
