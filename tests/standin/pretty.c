#include "stream.h"

#include <stdlib.h>

#define TOKEN_MAX 16 /* a byte and the longest white space before and behind it */

struct pretty {
        struct stream base;
        struct stream *inner;
        uint64_t seed;
        struct rng rng;
        bool begun, ended, in_string, escaped;
        size_t at, n;         /* of piece */
        size_t out_at, out_n; /* of out: what did not fit where it was wanted */
        char out[TOKEN_MAX];
        char piece[STREAM_PIECE / 2];
};

static size_t put_space(struct pretty *p, char *to)
{
        static const char *const spaces[] = { "",       "",   "",   " ",      "\n",   "  ",
                                              "\r\n\t", "\t", "\r", "\n    ", "\r\n", "\n\n" };
        const char *s = spaces[rng_below(&p->rng, sizeof(spaces) / sizeof(spaces[0]))];
        size_t n = strlen(s);

        memcpy(to, s, n);
        return n;
}

/* One byte and the white space around it: at most TOKEN_MAX bytes. */
static size_t put_byte(struct pretty *p, char c, char *to)
{
        size_t n = 0;

        if (p->in_string) {
                if (p->escaped)
                        p->escaped = false;
                else if (c == '\\')
                        p->escaped = true;
                else if (c == '"')
                        p->in_string = false;
                to[0] = c;
                return 1;
        }
        if (c == '"') {
                p->in_string = true;
        } else if (c && strchr("{}[],:", c)) {
                n = put_space(p, to);
                to[n++] = c;
                return n + put_space(p, to + n);
        }
        to[n++] = c;
        return n;
}

/* The next byte's text into `out`; false at the end. */
static bool next_token(struct pretty *p)
{
        p->out_at = 0;
        if (!p->begun) {
                p->begun = true;
                p->out_n = put_space(p, p->out);
                return true;
        }
        if (p->at < p->n) {
                p->out_n = put_byte(p, p->piece[p->at++], p->out);
                return true;
        }
        p->out_n = p->ended ? 0 : put_space(p, p->out);
        if (p->ended)
                return false;
        p->ended = true;
        return true;
}

static size_t pretty_read(struct stream *s, char *to, size_t room)
{
        struct pretty *p = (struct pretty *)s;
        size_t done = 0;

        while (done < room) {
                if (p->out_at < p->out_n) {
                        to[done++] = p->out[p->out_at++];
                        continue;
                }
                if (p->at == p->n && !p->ended) {
                        p->n = stream_read(p->inner, p->piece, sizeof(p->piece));
                        p->at = 0;
                }
                if (p->begun && p->at < p->n && room - done >= TOKEN_MAX)
                        done += put_byte(p, p->piece[p->at++], to + done);
                else if (!next_token(p))
                        break;
        }
        return done;
}

static void pretty_rewind(struct stream *s)
{
        struct pretty *p = (struct pretty *)s;

        stream_rewind(p->inner);
        p->rng = rng_of(p->seed, 0, 3);
        p->begun = p->ended = p->in_string = p->escaped = false;
        p->at = p->n = p->out_at = p->out_n = 0;
}

static void pretty_free(struct stream *s)
{
        stream_free(((struct pretty *)s)->inner);
        free(s);
}

struct stream *stream_pretty(struct stream *inner, uint64_t seed)
{
        struct pretty *p = must_alloc(sizeof(*p));

        p->base = (struct stream){ pretty_read, pretty_rewind, pretty_free };
        p->inner = inner;
        p->seed = seed;
        p->rng = rng_of(seed, 0, 3);
        return &p->base;
}
