#include "stream.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct digest {
        struct stream base;
        struct stream *inner;
        EVP_MD_CTX *sha256;
        uint64_t length; /* of the line so far */
        struct buf line; /* an answer line, as far as it is not yet read */
        size_t at, n;    /* of piece */
        char piece[STREAM_PIECE];
};

static void restart(struct digest *d)
{
        if (EVP_DigestInit_ex(d->sha256, EVP_sha256(), NULL) != 1)
                abort();
        d->length = 0;
}

static void end_line(struct digest *d)
{
        unsigned char value[EVP_MAX_MD_SIZE];
        unsigned n;

        if (EVP_DigestFinal_ex(d->sha256, value, &n) != 1)
                abort();
        for (unsigned i = 0; i < n; i++)
                buf_printf(&d->line, "%02x", value[i]);
        buf_printf(&d->line, " %llu\n", (unsigned long long)d->length);
        restart(d);
}

static size_t digest_read(struct stream *s, char *to, size_t room)
{
        struct digest *d = (struct digest *)s;
        size_t n;

        while (d->line.n == 0) {
                const char *from, *end;

                if (d->at == d->n) {
                        d->n = stream_read(d->inner, d->piece, sizeof(d->piece));
                        d->at = 0;
                        if (d->n == 0)
                                return 0;
                }
                from = d->piece + d->at;
                end = memchr(from, '\n', d->n - d->at);
                n = end ? (size_t)(end - from) : d->n - d->at;
                if (EVP_DigestUpdate(d->sha256, from, n) != 1)
                        abort();
                d->length += n;
                d->at += end ? n + 1 : n;
                if (end)
                        end_line(d);
        }

        n = d->line.n < room ? d->line.n : room;
        memcpy(to, d->line.p, n);
        buf_consume(&d->line, n);
        return n;
}

static void digest_rewind(struct stream *s)
{
        struct digest *d = (struct digest *)s;

        stream_rewind(d->inner);
        buf_clear(&d->line);
        d->at = d->n = 0;
        restart(d);
}

static void digest_free(struct stream *s)
{
        struct digest *d = (struct digest *)s;

        stream_free(d->inner);
        EVP_MD_CTX_free(d->sha256);
        buf_done(&d->line);
        free(d);
}

struct stream *stream_digest(struct stream *inner)
{
        struct digest *d = must_alloc(sizeof(*d));

        d->base = (struct stream){ digest_read, digest_rewind, digest_free };
        d->inner = inner;
        d->sha256 = EVP_MD_CTX_new();
        if (!d->sha256)
                abort();
        restart(d);
        return &d->base;
}
