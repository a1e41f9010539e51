#include "stream.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_FORMAT 31 /* zlib's windowBits for the largest window and a gzip header */

struct gzip {
        struct stream base;
        struct stream *inner;
        z_stream z;
        bool inner_ended, ended;
        char piece[STREAM_PIECE];
};

static size_t gzip_read(struct stream *s, char *to, size_t room)
{
        struct gzip *g = (struct gzip *)s;

        if (room > STREAM_PIECE)
                room = STREAM_PIECE;
        g->z.next_out = (Bytef *)to;
        g->z.avail_out = (uInt)room;

        while (g->z.avail_out > 0 && !g->ended) {
                int r;

                if (g->z.avail_in == 0 && !g->inner_ended) {
                        g->z.next_in = (Bytef *)g->piece;
                        g->z.avail_in = (uInt)stream_read(g->inner, g->piece, sizeof(g->piece));
                        g->inner_ended = g->z.avail_in == 0;
                }
                r = deflate(&g->z, g->inner_ended ? Z_FINISH : Z_NO_FLUSH);
                if (r == Z_STREAM_END)
                        g->ended = true;
                else if (r != Z_OK && r != Z_BUF_ERROR)
                        abort();
        }
        return room - g->z.avail_out;
}

static void gzip_rewind(struct stream *s)
{
        struct gzip *g = (struct gzip *)s;

        stream_rewind(g->inner);
        (void)deflateReset(&g->z);
        g->z.avail_in = 0;
        g->inner_ended = g->ended = false;
}

static void gzip_free(struct stream *s)
{
        struct gzip *g = (struct gzip *)s;

        stream_free(g->inner);
        (void)deflateEnd(&g->z);
        free(g);
}

struct stream *stream_gzip(struct stream *inner)
{
        struct gzip *g = must_alloc(sizeof(*g));

        g->base = (struct stream){ gzip_read, gzip_rewind, gzip_free };
        g->inner = inner;
        if (deflateInit2(&g->z, 1, Z_DEFLATED, GZIP_FORMAT, 8, Z_DEFAULT_STRATEGY) != Z_OK)
                abort();
        return &g->base;
}
