/* A body as bytes to be pulled, of any length, in constant memory; and filters over one. */
#pragma once

#include "buf.h"
#include "rope.h"

struct stream {
        /* 1 … room bytes, 0 at the end only; room is at least 1. */
        size_t (*read)(struct stream *s, char *to, size_t room);
        void (*rewind)(struct stream *s); /* back to the first byte; the same bytes follow */
        void (*free)(struct stream *s);
};

#define STREAM_PIECE 65536 /* bytes a filter reads at once */

static inline size_t stream_read(struct stream *s, char *to, size_t room)
{
        return s->read(s, to, room);
}

static inline void stream_rewind(struct stream *s)
{
        s->rewind(s);
}

struct stream *stream_free(struct stream *s); /* takes NULL, returns NULL */

/* The length, by reading all of it once and rewinding: slow for what is long. */
uint64_t stream_length(struct stream *s);

/* Each takes over what it is given: the buffer's memory, the streams. */
struct stream *stream_bytes(struct buf *take);
struct stream *stream_wrap(struct buf *before, struct stream *take, struct buf *after);
struct stream *stream_cut(struct stream *take, uint64_t length);
/* Bits of mask are flipped in the byte at that offset. */
struct stream *stream_flip(struct stream *take, uint64_t at, unsigned char mask);
/* White space of all kinds between any two tokens, and around the whole. */
struct stream *stream_pretty(struct stream *take, uint64_t seed);
struct stream *stream_gzip(struct stream *take);
/* Of each line its SHA-256 in hex, a space, its length without the newline. */
struct stream *stream_digest(struct stream *take);

/* One rope after the other, with `between` between and `last` behind each that `next` fills. */
struct series {
        bool (*next)(void *ctx, struct rope *empty); /* false: there are no more */
        void (*rewind)(void *ctx);
        void (*free)(void *ctx);
        void *ctx;
        const char *between; /* static texts */
        const char *behind;
};
struct stream *stream_series(const struct series *series);
