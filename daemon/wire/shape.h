/* What a well-formed page looks like (DESIGN.md), told token by token. Knows nothing of bytes,
 * chunks or parsers: that the text is JSON is the parser's to say, what it must hold is said here.
 * The calls come in the text's order; nothing may follow a failure. All errors are ERR_SOURCE and
 * hold nothing of what records hold. */
#pragma once

#include "base/err.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape_type { SHAPE_OBJECT, SHAPE_ARRAY, SHAPE_STRING, SHAPE_NUMBER, SHAPE_BOOL, SHAPE_NULL };

/* A value's first token. */
struct shape_value {
        enum shape_type type;
        const char *p; /* a string decoded, a number as it came */
        size_t n;
        bool yes;     /* of a bool */
        bool cut;     /* a string that was not seen to its end, */
        bool lone;    /* for an escaped surrogate without its partner, if also this */
        bool partial; /* the text ended in it: judged by what of it there is */
};

struct shape {
        enum page_kind kind;
        unsigned depth; /* objects and arrays that are open */
        bool in_data;
        unsigned member; /* what the value that comes next is of; 0: nothing that counts */
        unsigned seen;   /* the members that have come, of the page and of its record in hand */
        struct page_result result;
        struct page_record record; /* of the last SHAPE_END */
        char id[PAGE_ID_MAX + 1];
};

#define SHAPE_BEGIN 1 /* shape_value: a record begins with this token */
#define SHAPE_END   2 /* shape_close: a record has ended with this token */

void shape_init(struct shape *s, enum page_kind kind);

/* A member's name, decoded; one that was cut is no name that counts. */
int shape_key(struct shape *s, const char *key, size_t n, bool cut, struct err *e);
/* A value, or the opening of an object or array: 0, SHAPE_BEGIN or -1. */
int shape_value(struct shape *s, const struct shape_value *v, struct err *e);
/* The end of an object or array: 0, SHAPE_END (.record holds) or -1. With .depth 0 the text's one
 * value has ended, and .result holds. */
int shape_close(struct shape *s, struct err *e);

/* "the page", "the completion" … for error texts. */
const char *shape_name(const struct shape *s);
