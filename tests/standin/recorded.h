/* Recorded bodies of a real service: their records and messages, byte for byte. */
#pragma once

#include "buf.h"

#include <stdint.h>

struct recorded_item {
        char *text; /* the record, less white space between tokens */
        size_t n;
        char *id; /* decoded */
        size_t n_id;
        int64_t created; /* of a completion */
};

struct recorded {
        struct recorded_item *completions; /* oldest first */
        size_t n_completions;
        struct recorded_item *messages; /* in the order of their numbers */
        size_t n_messages;
};

/* Read all walk1-page*.json, list-*.json and messages-*.json of a directory; of what comes twice,
 * the first. Ends the program, saying why, if there is nothing to serve. */
void recorded_load(const char *directory, struct recorded *ret);

static inline struct slice recorded_id(const struct recorded_item *item)
{
        return (struct slice){ item->id, item->n_id };
}

/* The index of a completion, or UINT32_MAX. */
uint32_t recorded_find(const struct recorded *r, struct slice id);

/* The messages of a completion: their number; the first of them is messages[*ret_first]. */
uint32_t recorded_messages(const struct recorded *r, struct slice id, size_t *ret_first);
