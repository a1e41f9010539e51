#include "dump.h"

#include <stdlib.h>

struct dump_state {
        struct store *store;
        enum dump what;
        uint32_t record;
        uint32_t part; /* the version or message that comes next */
};

/* The edit that made that version, as in struct version. */
static uint32_t edit_of(const struct store *s, uint32_t record, uint32_t version)
{
        uint32_t edit = s->records[record].edit;

        while (edit > 0 && s->edits[edit - 1].version != version)
                edit = s->edits[edit - 1].older;
        return edit;
}

static uint32_t newest_version(const struct store *s, uint32_t record)
{
        uint32_t edit = s->records[record].edit;

        return edit > 0 ? s->edits[edit - 1].version : 0;
}

/* How many lines a record may have. */
static uint32_t parts(const struct dump_state *d)
{
        const struct store *s = d->store;

        if (d->what == DUMP_IDS)
                return 1;
        if (d->what == DUMP_SHOWN)
                return newest_version(s, d->record) + 1;
        if (d->what == DUMP_VISIBLE)
                return store_visible(s, d->record);
        if (s->records[d->record].deleted)
                return 0;
        return d->what == DUMP_MESSAGES ? store_message_count(s, d->record) : 1;
}

static void put_facts(const struct store *s, uint32_t record, struct buf *ret)
{
        const struct record *r = &s->records[record];
        struct buf id = { 0 };

        store_id(s, record, &id);
        buf_puts(ret, "{\"index\":");
        buf_u64(ret, record);
        buf_puts(ret, ",\"id\":");
        buf_json(ret, buf_as_slice(&id));
        buf_puts(ret, ",\"created\":");
        buf_i64(ret, r->created);
        buf_printf(ret,
                   ",\"version\":%u,\"messages\":%u,\"visible\":%s,\"deleted\":%s,\"shown\":%s}",
                   newest_version(s, record), store_message_count(s, record),
                   store_visible(s, record) ? "true" : "false", r->deleted ? "true" : "false",
                   store_was_shown(s, store_current(s, record)) ? "true" : "false");
        buf_done(&id);
}

static void put_message(const struct store *s, uint32_t record, uint32_t which, struct rope *ret)
{
        struct buf front = { 0 }, id = { 0 };

        store_render_message(s, record, which, ret);
        store_id(s, record, &id);
        buf_puts(&front, "{\"completion_id\":");
        buf_json(&front, buf_as_slice(&id));
        buf_putc(&front, ',');
        rope_replace(ret, 0, 1, buf_as_slice(&front));
        buf_done(&front);
        buf_done(&id);
}

static bool put_part(const struct dump_state *d, uint32_t part, struct rope *ret)
{
        struct version v = store_current(d->store, d->record);

        if (d->what == DUMP_SHOWN) {
                v.edit = edit_of(d->store, d->record, part);
                if (!store_was_shown(d->store, v))
                        return false;
        }
        if (d->what == DUMP_IDS)
                put_facts(d->store, d->record, &ret->head);
        else if (d->what == DUMP_MESSAGES)
                put_message(d->store, d->record, part, ret);
        else
                store_render(d->store, v, ret);
        return true;
}

static bool next(void *ctx, struct rope *empty)
{
        struct dump_state *d = ctx;

        while (d->record < d->store->n) {
                if (d->part < parts(d)) {
                        if (put_part(d, d->part++, empty))
                                return true;
                } else {
                        d->record++;
                        d->part = 0;
                }
        }
        return false;
}

static void rewind_dump(void *ctx)
{
        struct dump_state *d = ctx;

        d->record = d->part = 0;
}

static void free_dump(void *ctx)
{
        free(ctx);
}

struct stream *dump_stream(struct store *s, enum dump what)
{
        struct dump_state *d = must_alloc(sizeof(*d));
        struct series series = { next, rewind_dump, free_dump, d, "", "\n" };

        *d = (struct dump_state){ .store = s, .what = what };
        return stream_series(&series);
}
