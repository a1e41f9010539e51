/* A growing byte string. Out of memory ends the program: it is a test's server. */
#pragma once

#include "slice.h"

#include <stdint.h>

struct buf {
        char *p; /* NUL-terminated at p[n] as soon as anything was written */
        size_t n;
        size_t room;
};

void *must_alloc(size_t bytes); /* zeroed; never NULL */
void *must_resize(void *p, size_t bytes);

void buf_done(struct buf *b);
static inline void buf_clear(struct buf *b)
{
        b->n = 0;
}

/* Room for `more` bytes behind p[n]; whoever writes there counts n up himself. */
char *buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_slice(struct buf *b, struct slice s);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cut n bytes off the front. */
void buf_consume(struct buf *b, size_t n);
/* Put s in the place of the bytes [from, to). */
void buf_replace(struct buf *b, size_t from, size_t to, struct slice s);

/* s as a JSON string with its quotes: `"`, `\` and control characters are escaped and nothing else;
 * a byte that is no UTF-8 becomes \u00xx, so that the result is always JSON. NULL gives null. */
void buf_json(struct buf *b, struct slice s);

static inline struct slice buf_as_slice(const struct buf *b)
{
        return (struct slice){ b->p ? b->p : "", b->n };
}
