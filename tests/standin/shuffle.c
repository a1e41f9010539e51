#include "shuffle.h"

#include "json.h"

#include <stdlib.h>

#define MEMBERS_MAX 64 /* of one object; more stay as they are */

struct member {
        size_t from, to; /* in the rope's head */
        struct buf key;  /* decoded */
};

static struct slice value_at(const struct rope *r, size_t at, size_t end)
{
        return json_value((struct slice){ r->head.p + at, end - at });
}

static void swap(struct member *a, struct member *b)
{
        struct member was = *a;

        *a = *b;
        *b = was;
}

static void permute(struct member *m, size_t n, struct rng *rng)
{
        for (size_t i = n; i > 1; i--)
                swap(&m[i - 1], &m[rng_below(rng, i)]);
        for (size_t i = 0; i < n; i++)
                for (size_t k = i + 1; k < n; k++)
                        if (m[i].from > m[k].from &&
                            slice_equal(buf_as_slice(&m[i].key), buf_as_slice(&m[k].key)))
                                swap(&m[i], &m[k]);
}

/* The members' bytes in their new order, and the long texts with them. */
static void move(struct rope *r, size_t from, const struct member *m, size_t n)
{
        size_t ats[ROPE_TEXTS_MAX];
        struct buf text = { 0 };

        for (size_t t = 0; t < r->n_texts; t++)
                ats[t] = r->texts[t].at;
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        buf_putc(&text, ',');
                for (size_t t = 0; t < r->n_texts; t++)
                        if (ats[t] > m[i].from && ats[t] < m[i].to)
                                r->texts[t].at = from + text.n + (ats[t] - m[i].from);
                buf_add(&text, r->head.p + m[i].from, m[i].to - m[i].from);
        }
        memcpy(r->head.p + from, text.p, text.n);
        buf_done(&text);
}

/* The object or array that opens at `from`, what is in it first; it keeps its length. */
static void shuffle(struct rope *r, size_t from, struct rng *rng)
{
        size_t end = from + value_at(r, from, r->head.n).n - 1, at = from + 1, n = 0, all = 0;
        bool object = r->head.p[from] == '{';
        struct member m[MEMBERS_MAX];

        for (; at < end; at++, all++) { /* at a member's first byte, and then on its comma */
                struct member one = { .from = at };

                if (object) {
                        struct slice key = value_at(r, at, end);

                        json_decode(key, &one.key);
                        at += key.n + 1;
                }
                if (r->head.p[at] == '{' || r->head.p[at] == '[')
                        shuffle(r, at, rng);
                at += value_at(r, at, end).n;
                one.to = at;
                if (object && n < MEMBERS_MAX)
                        m[n++] = one;
                else
                        buf_done(&one.key);
        }
        if (n == all && n > 1) {
                permute(m, n, rng);
                move(r, from + 1, m, n);
        }
        while (n > 0)
                buf_done(&m[--n].key);
}

static int by_place(const void *a, const void *b)
{
        const size_t *x = a, *y = b; /* `at` is the first member */

        return *x < *y ? -1 : *x > *y;
}

void shuffle_keys(struct rope *r, struct rng rng)
{
        if (r->head.n == 0 || r->head.p[0] != '{')
                return;
        shuffle(r, 0, &rng);
        qsort(r->texts, r->n_texts, sizeof(r->texts[0]), by_place);
}
