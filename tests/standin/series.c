#include "stream.h"

#include <stdlib.h>

struct series_stream {
        struct stream base;
        struct series series;
        struct rope rope;
        const char *fixed; /* a separator, as far as it is not yet read */
        bool any, in_rope, over;
};

/* Make the next rope current. */
static void step(struct series_stream *s)
{
        if (s->in_rope) {
                s->in_rope = false;
                s->fixed = s->series.behind;
                return;
        }
        rope_clear(&s->rope);
        if (!s->series.next(s->series.ctx, &s->rope)) {
                s->over = true;
                return;
        }
        s->fixed = s->any ? s->series.between : "";
        s->any = true;
        s->in_rope = true;
}

static size_t series_read(struct stream *base, char *to, size_t room)
{
        struct series_stream *s = (struct series_stream *)base;
        size_t done = 0;

        while (done < room && !s->over) {
                size_t n;

                if (*s->fixed) {
                        to[done++] = *s->fixed++;
                        continue;
                }
                n = s->in_rope ? rope_read(&s->rope, to + done, room - done) : 0;
                done += n;
                if (n == 0)
                        step(s);
        }
        return done;
}

static void series_rewind(struct stream *base)
{
        struct series_stream *s = (struct series_stream *)base;

        s->series.rewind(s->series.ctx);
        s->fixed = "";
        s->any = s->in_rope = s->over = false;
}

static void series_free(struct stream *base)
{
        struct series_stream *s = (struct series_stream *)base;

        s->series.free(s->series.ctx);
        rope_done(&s->rope);
        free(s);
}

struct stream *stream_series(const struct series *series)
{
        struct series_stream *s = must_alloc(sizeof(*s));

        *s = (struct series_stream){ .base = { series_read, series_rewind, series_free },
                                     .series = *series,
                                     .fixed = "" };
        return &s->base;
}
