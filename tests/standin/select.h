/* Which records a page holds: cursors, orders, filters, and how the service treats those that share
 * a second. */
#pragma once

#include "store.h"

#define SELECT_FILTERS_MAX 16 /* metadata has at most 16 keys */

enum cursor {
        CURSOR_T1,    /* `after` is its record's second: strictly older or newer, ties lost */
        CURSOR_EXACT, /* `after` is its record */
};

enum unknown_cursor {
        UNKNOWN_404,
        UNKNOWN_400,
        UNKNOWN_EMPTY,
        UNKNOWN_FIRST,
        UNKNOWN_KEEP, /* a deleted record keeps its place; an id that never was: 404 */
};

struct query {
        bool desc;
        size_t limit;
        struct slice after; /* an id, decoded; p is NULL: from the start */
        struct slice model; /* p is NULL: any */
        size_t n_metadata;
        struct {
                struct slice key, value;
        } metadata[SELECT_FILTERS_MAX];
};

struct selection {
        struct version *items; /* to be freed */
        size_t n;
        bool has_more;
};

/* 0, or 1: the cursor is unknown and that is an error. */
int select_page(struct store *s, const struct query *q, enum cursor cursor,
                enum unknown_cursor unknown, struct selection *ret);
