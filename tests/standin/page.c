#include "page.h"

#include "json.h"
#include "shuffle.h"

#include <stdlib.h>

struct running {
        struct page page;
        struct tweak tweak;
        size_t at;
        size_t end; /* records that are sent */
};

void tweak_done(struct tweak *t)
{
        buf_done(&t->patch);
}

static void render(const struct page *p, size_t i, struct rope *ret)
{
        if (p->messages)
                store_render_message(p->store, p->items[i].record, p->items[i].edit, ret);
        else
                store_render(p->store, p->items[i], ret);
}

/* Append a text with its %V replaced. */
static void expand_value(struct slice text, struct slice value, struct buf *ret)
{
        for (size_t i = 0; i < text.n; i++) {
                if (text.p[i] == '%' && i + 1 < text.n && text.p[i + 1] == 'V') {
                        buf_slice(ret, value);
                        i++;
                } else {
                        buf_putc(ret, text.p[i]);
                }
        }
}

static void apply_patch(const struct tweak *t, struct rope *rope)
{
        struct slice head = buf_as_slice(&rope->head);
        struct json_member m = { .key = { head.p, 0 }, .value = { head.p, 1 } };
        struct buf text = { 0 };

        if (strcmp(t->member, "{") == 0 || json_member(head, slice_of(t->member), &m)) {
                size_t from = (size_t)(m.key.p - head.p);
                size_t to = (size_t)(m.value.p - head.p) + m.value.n;

                expand_value(buf_as_slice(&t->patch), m.value, &text);
                rope_replace(rope, from, to, buf_as_slice(&text));
        }
        buf_done(&text);
}

static bool next(void *ctx, struct rope *empty)
{
        struct running *r = ctx;

        if (r->at == r->end)
                return false;

        render(&r->page, r->at, empty);
        if (r->page.shuffle)
                shuffle_keys(empty, rng_of(r->page.shuffle, r->at, 4));
        if (!r->page.messages)
                store_mark_shown(r->page.store, r->page.items[r->at]);
        if (r->tweak.member && r->at == (r->tweak.has_item ? r->tweak.item : r->page.n / 2))
                apply_patch(&r->tweak, empty);
        r->at++;
        return true;
}

static void rewind_page(void *ctx)
{
        ((struct running *)ctx)->at = 0;
}

static void free_page(void *ctx)
{
        struct running *r = ctx;

        free(r->page.items);
        tweak_done(&r->tweak);
        free(r);
}

/* The id of a record of the page, as spelled there. */
static void put_id(const struct page *p, size_t i, struct buf *ret)
{
        struct rope rope = { 0 };
        struct json_member id;

        if (i < p->n)
                render(p, i, &rope);
        if (i < p->n && json_member(buf_as_slice(&rope.head), slice_of("id"), &id))
                buf_slice(ret, id.value);
        else
                buf_puts(ret, "null");
        rope_done(&rope);
}

/* The envelope around %D; false if it has none, and all of it is in *before. */
static bool expand(const char *envelope, const struct page *p, struct buf *before,
                   struct buf *after)
{
        struct buf *to = before;

        for (const char *c = envelope; *c; c++) {
                char code = *c == '%' ? c[1] : '\0';

                if (code == 'F')
                        put_id(p, 0, to);
                else if (code == 'L')
                        put_id(p, p->n - 1, to);
                else if (code == 'M')
                        buf_puts(to, p->has_more ? "true" : "false");
                else if (code == 'D' && to == before)
                        to = after;
                else if (code != '%')
                        code = '\0';
                if (code == '\0' || code == '%')
                        buf_putc(to, *c);
                if (code)
                        c++;
        }
        return to == after;
}

struct stream *page_stream(const struct page *page, const char *envelope, struct tweak *tweak)
{
        struct running *r = must_alloc(sizeof(*r));
        struct series series = { next, rewind_page, free_page, r, ",", "" };
        struct buf before = { 0 }, after = { 0 };

        *r = (struct running){ .page = *page, .tweak = *tweak, .end = page->n };
        tweak->patch = (struct buf){ 0 };
        if (r->tweak.stop_half)
                r->tweak.stop = page->n / 2;
        if (r->tweak.swap && page->n > 1) {
                struct version first = page->items[0];

                page->items[0] = page->items[page->n - 1];
                page->items[page->n - 1] = first;
        }
        if (!expand(r->tweak.envelope ? r->tweak.envelope : envelope, page, &before, &after)) {
                free_page(r);
                buf_done(&after);
                return stream_bytes(&before);
        }

        if (r->tweak.has_stop && r->tweak.stop <= page->n) {
                r->end = (size_t)r->tweak.stop;
                buf_clear(&after);
                if (r->tweak.with_comma)
                        buf_putc(&after, ',');
        }
        return stream_wrap(&before, stream_series(&series), &after);
}
