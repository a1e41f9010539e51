#include "rope.h"

#include <stdlib.h>

void rope_clear(struct rope *r)
{
        buf_clear(&r->head);
        r->n_texts = r->read_at = r->read_text = 0;
        r->in_text = false;
}

void rope_done(struct rope *r)
{
        buf_done(&r->head);
        *r = (struct rope){ 0 };
}

void rope_text(struct rope *r, enum text_kind kind, uint64_t bytes, struct rng rng)
{
        struct text text = text_of(kind, bytes, rng);

        if (bytes <= ROPE_INLINE) {
                char *to = buf_reserve(&r->head, (size_t)bytes);

                r->head.n += text_read(&text, to, (size_t)bytes);
                return;
        }
        if (r->n_texts == ROPE_TEXTS_MAX)
                abort();

        r->texts[r->n_texts].at = r->head.n;
        r->texts[r->n_texts++].text = text;
}

void rope_replace(struct rope *r, size_t from, size_t to, struct slice s)
{
        size_t kept = 0;

        buf_replace(&r->head, from, to, s);
        for (size_t i = 0; i < r->n_texts; i++) {
                size_t at = r->texts[i].at;

                if (at > from && at < to)
                        continue;
                r->texts[kept] = r->texts[i];
                r->texts[kept++].at = at >= to ? at - (to - from) + s.n : at;
        }
        r->n_texts = kept;
}

size_t rope_read(struct rope *r, char *to, size_t room)
{
        size_t done = 0;

        while (done < room) {
                size_t end = r->read_text < r->n_texts ? r->texts[r->read_text].at : r->head.n;
                size_t n = end - r->read_at;

                if (r->in_text) {
                        n = text_read(&r->reading, to + done, room - done);
                        done += n;
                        if (n > 0)
                                continue;
                        r->in_text = false;
                        r->read_text++;
                } else if (n > 0) {
                        n = n < room - done ? n : room - done;
                        memcpy(to + done, r->head.p + r->read_at, n);
                        r->read_at += n;
                        done += n;
                } else if (r->read_text < r->n_texts) {
                        r->reading = r->texts[r->read_text].text;
                        r->in_text = true;
                } else {
                        break;
                }
        }
        return done;
}
