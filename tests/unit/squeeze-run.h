/* A squeeze under test: what comes out of it, compared with its oracle's opinion. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "squeeze-oracle.h"
#include "tap.h"
#include "wire/squeeze.h"

/* What came out of a squeeze, and whether its chunks keep the contract. */
struct heard {
        struct squeezed *all;
        struct buf sizes; /* of the chunks */
        bool wrong, small;
        int stop_at, stop_with;
};

/* The eyes from `eyes` on are the start of the text from `text` on, up to the next mark's quote. */
static bool in_step(const struct squeeze_chunk *c, size_t eyes, size_t text, size_t end)
{
        return end >= eyes && end - eyes <= c->n_text - text &&
               memcmp(c->eyes + eyes, c->text + text, end - eyes) == 0;
}

static bool contract(struct heard *h, const struct squeeze_chunk *c)
{
        size_t eyes = 0, text = 0;

        /* Only the last one may be small. */
        if (h->small || c->n_text == 0 || c->n_text > SQUEEZE_CHUNK || c->n_eyes > c->n_text ||
            c->n_marks > SQUEEZE_MARKS_MAX)
                return false;
        h->small = c->n_text < SQUEEZE_CHUNK && c->n_marks < SQUEEZE_MARKS_MAX;
        for (size_t i = 0; i < c->n_marks; i++) {
                const struct squeeze_mark *m = &c->marks[i];

                if (m->eyes >= c->n_eyes || m->text >= c->n_text || c->eyes[m->eyes] != '"' ||
                    c->text[m->text] != '"' || !(m->flags & SQUEEZE_CUT) ||
                    !in_step(c, eyes, text, m->eyes))
                        return false;
                eyes = m->eyes;
                text = m->text;
        }
        return in_step(c, eyes, text, c->n_eyes);
}

static int hear(void *ctx, const struct squeeze_chunk *c, struct err *e)
{
        struct heard *h = ctx;
        struct squeezed *all = h->all;

        h->wrong = h->wrong || !contract(h, c);
        for (size_t i = 0; i < c->n_marks; i++)
                all->marks[all->n_marks++] = (struct squeeze_mark){
                        c->marks[i].eyes + (uint32_t)all->eyes.n,
                        c->marks[i].text + (uint32_t)all->text.n,
                        c->marks[i].flags,
                };
        buf_add(&all->text, c->text, c->n_text);
        buf_add(&all->eyes, c->eyes, c->n_eyes);
        buf_printf(&h->sizes, "%zu %zu %zu;", c->n_text, c->n_eyes, c->n_marks);
        if (h->stop_at == 0 || --h->stop_at > 0)
                return 0;
        if (h->stop_with < 0)
                err_set(e, ERR_HOST, "the disk is full");
        return h->stop_with;
}

static struct squeezed should, is;
static struct heard heard = { .all = &is };
static struct squeeze *squeeze;

static int squeeze_over(const char *p, size_t n, size_t piece, struct err *e)
{
        int r = 0;

        squeeze_reset(squeeze);
        buf_clear(&is.text);
        buf_clear(&is.eyes);
        buf_clear(&heard.sizes);
        is.n_marks = 0;
        heard.wrong = heard.small = false;
        for (size_t i = 0, k; i < n && r == 0; i += k) {
                k = piece ? piece : tap_below(one_in(3) ? 3 : 300);
                k = k < n - i ? k : n - i;
                /* Of its own length, so that no reader runs past it unseen. */
                _cleanup_free_ char *copy = memcpy(mem_new(k), p + i, k);
                r = squeeze_feed(squeeze, copy, k, e);
        }
        is.open = r == 0 ? squeeze_open(squeeze) : should.open;
        return r == 0 ? squeeze_end(squeeze, e) : r;
}

static bool same(int r, const struct err *e)
{
        const char *at = strstr(e->text, " at offset ");

        if (!CHECK(!heard.wrong) || !CHECK(is.open == should.open))
                return false;
        if (should.refused == NOT_REFUSED && !CHECK(r == 0))
                return false;
        if (should.refused != NOT_REFUSED &&
            (!CHECK(r == -1 && e->kind == ERR_SOURCE && at) ||
             !CHECK(strtoull(at + 11, NULL, 10) == should.refused)))
                return false;
        return CHECK(is.text.n == should.text.n) && CHECK(is.eyes.n == should.eyes.n) &&
               CHECK(memcmp(buf_str(&is.text), buf_str(&should.text), is.text.n) == 0) &&
               CHECK(memcmp(buf_str(&is.eyes), buf_str(&should.eyes), is.eyes.n) == 0) &&
               CHECK(is.n_marks == should.n_marks) &&
               CHECK(memcmp(is.marks, should.marks, is.n_marks * sizeof(is.marks[0])) == 0);
}

/* In one piece, in these pieces, and cut at random: always the same chunks, and the oracle's. */
static bool check_text(const char *p, size_t n, size_t most)
{
        _cleanup_buf_ struct buf first = BUF_INIT;

        squeezed_read(&should, p, n);
        for (size_t k = 0; k <= most + 1; k++) {
                size_t piece = k == 0 ? n + 1 : k <= most ? k : 0;
                struct err e = { 0 };
                int r = squeeze_over(p, n, piece, &e);
                bool good = same(r, &e);

                if (k == 0)
                        buf_add(&first, buf_str(&heard.sizes), heard.sizes.n);
                if (good && CHECK(strcmp(buf_str(&first), buf_str(&heard.sizes)) == 0))
                        continue;
                printf("# in pieces of %zu: %d %s, should be %zd, of: ", piece, r, e.text,
                       (ssize_t)should.refused);
                for (size_t i = 0; i < n && i < 1000; i++)
                        printf(p[i] >= ' ' && p[i] < 0x7f ? "%c" : "<%02x>", (unsigned char)p[i]);
                printf("\n");
                return false;
        }
        return true;
}
