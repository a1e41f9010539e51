/* Bytes that belong to someone else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
        const char *p; /* NULL: there is none */
        size_t n;
};

static inline struct slice slice_of(const char *s)
{
        return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
        return a.p && slice_equal(a, slice_of(s));
}
