#include "stream.h"

#include <stdlib.h>

struct stream *stream_free(struct stream *s)
{
        if (s)
                s->free(s);
        return NULL;
}

uint64_t stream_length(struct stream *s)
{
        static char piece[STREAM_PIECE];
        uint64_t length = 0;
        size_t n;

        while ((n = stream_read(s, piece, sizeof(piece))) > 0)
                length += n;
        stream_rewind(s);

        return length;
}

/* Bytes before, a stream or none, bytes behind. */
struct wrap {
        struct stream base;
        struct buf before, after;
        size_t at_before, at_after;
        struct stream *inner;
};

static size_t take(const struct buf *b, size_t *at, char *to, size_t room)
{
        size_t n = b->n - *at < room ? b->n - *at : room;

        if (n > 0)
                memcpy(to, b->p + *at, n);
        *at += n;
        return n;
}

static size_t wrap_read(struct stream *s, char *to, size_t room)
{
        struct wrap *w = (struct wrap *)s;
        size_t n = take(&w->before, &w->at_before, to, room), more;

        while (n < room && w->inner && (more = stream_read(w->inner, to + n, room - n)) > 0)
                n += more;
        if (n < room)
                n += take(&w->after, &w->at_after, to + n, room - n);
        return n;
}

static void wrap_rewind(struct stream *s)
{
        struct wrap *w = (struct wrap *)s;

        w->at_before = w->at_after = 0;
        if (w->inner)
                stream_rewind(w->inner);
}

static void wrap_free(struct stream *s)
{
        struct wrap *w = (struct wrap *)s;

        buf_done(&w->before);
        buf_done(&w->after);
        stream_free(w->inner);
        free(w);
}

static struct buf take_buf(struct buf *b)
{
        struct buf taken = { 0 };

        if (b) {
                taken = *b;
                *b = (struct buf){ 0 };
        }
        return taken;
}

struct stream *stream_wrap(struct buf *before, struct stream *inner, struct buf *after)
{
        struct wrap *w = must_alloc(sizeof(*w));

        *w = (struct wrap){ .base = { wrap_read, wrap_rewind, wrap_free },
                            .before = take_buf(before),
                            .after = take_buf(after),
                            .inner = inner };
        return &w->base;
}

struct stream *stream_bytes(struct buf *b)
{
        return stream_wrap(b, NULL, NULL);
}

/* The first `length` bytes, one of them changed. */
struct alter {
        struct stream base;
        struct stream *inner;
        uint64_t at, length, flip_at;
        unsigned char mask;
};

static size_t alter_read(struct stream *s, char *to, size_t room)
{
        struct alter *a = (struct alter *)s;
        size_t n;

        if (room > a->length - a->at)
                room = (size_t)(a->length - a->at);
        if (room == 0)
                return 0;
        n = stream_read(a->inner, to, room);
        if (a->flip_at >= a->at && a->flip_at - a->at < n)
                to[a->flip_at - a->at] = (char)(to[a->flip_at - a->at] ^ (char)a->mask);
        a->at += n;

        return n;
}

static void alter_rewind(struct stream *s)
{
        struct alter *a = (struct alter *)s;

        a->at = 0;
        stream_rewind(a->inner);
}

static void alter_free(struct stream *s)
{
        stream_free(((struct alter *)s)->inner);
        free(s);
}

static struct stream *alter_new(struct stream *inner, uint64_t length, uint64_t flip_at,
                                unsigned char mask)
{
        struct alter *a = must_alloc(sizeof(*a));

        *a = (struct alter){ .base = { alter_read, alter_rewind, alter_free },
                             .inner = inner,
                             .length = length,
                             .flip_at = flip_at,
                             .mask = mask };
        return &a->base;
}

struct stream *stream_cut(struct stream *inner, uint64_t length)
{
        return alter_new(inner, length, 0, 0);
}

struct stream *stream_flip(struct stream *inner, uint64_t at, unsigned char mask)
{
        return alter_new(inner, UINT64_MAX, at, mask);
}
