#include "select.h"

#include "json.h"

static bool string_is(struct slice value, struct slice wanted)
{
        struct buf decoded = { 0 };
        bool same = json_decode(value, &decoded) && slice_equal(buf_as_slice(&decoded), wanted);

        buf_done(&decoded);
        return same;
}

static bool matches(const struct store *s, const struct query *q, struct version v,
                    struct rope *scratch)
{
        struct json_member m, entry;
        struct slice record;

        if (!q->model.p && q->n_metadata == 0)
                return true;

        rope_clear(scratch);
        store_render(s, v, scratch);
        record = buf_as_slice(&scratch->head);
        if (q->model.p &&
            (!json_member(record, slice_of("model"), &m) || !string_is(m.value, q->model)))
                return false;
        for (size_t i = 0; i < q->n_metadata; i++)
                if (!json_member(record, slice_of("metadata"), &m) ||
                    !json_member(m.value, q->metadata[i].key, &entry) ||
                    !string_is(entry.value, q->metadata[i].value))
                        return false;
        return true;
}

static void shuffle(struct rng *rng, struct version *items, size_t n)
{
        for (size_t i = n; i > 1; i--) {
                size_t j = (size_t)rng_below(rng, i);
                struct version other = items[j];

                items[j] = items[i - 1];
                items[i - 1] = other;
        }
}

/* Take whole seconds from `at` on until the page is full and one record more is known. */
static void take(struct store *s, const struct query *q, enum cursor cursor, size_t at,
                 struct selection *ret)
{
        struct selection got = { 0 };
        struct rope scratch = { 0 };
        size_t room = 0;

        /* `at` counts what lies before the position: for desc, the next record is at - 1. */
        while (got.n <= q->limit && (q->desc ? at > 0 : at < s->n)) {
                int64_t second = s->records[s->order[q->desc ? at - 1 : at]].created;
                size_t first = got.n;

                while (q->desc ? at > 0 : at < s->n) {
                        uint32_t record = s->order[q->desc ? at - 1 : at];
                        struct version v = store_current(s, record);

                        if (s->records[record].created != second)
                                break;
                        at = q->desc ? at - 1 : at + 1;
                        if (!store_visible(s, record) || !matches(s, q, v, &scratch))
                                continue;
                        if (got.n == room) {
                                room = room ? room * 2 : 128;
                                got.items = must_resize(got.items, room * sizeof(*got.items));
                        }
                        got.items[got.n++] = v;
                }
                if (cursor == CURSOR_T1)
                        shuffle(&s->rng, got.items + first, got.n - first);
        }

        rope_done(&scratch);
        got.has_more = got.n > q->limit;
        if (got.has_more)
                got.n = q->limit;
        *ret = got;
}

int select_page(struct store *s, const struct query *q, enum cursor cursor,
                enum unknown_cursor unknown, struct selection *ret)
{
        size_t at = q->desc ? s->n : 0;
        uint32_t after = q->after.p ? store_find(s, q->after) : UINT32_MAX;
        bool known = after != UINT32_MAX &&
                     (store_visible(s, after) ||
                      (unknown == UNKNOWN_KEEP && s->records[after].deleted));

        if (known && cursor == CURSOR_T1) {
                int64_t second = s->records[after].created;

                at = store_before(s, q->desc ? second : second + 1);
        } else if (known) {
                at = store_place(s, after) + (q->desc ? 0 : 1);
        } else if (q->after.p && unknown == UNKNOWN_EMPTY) {
                *ret = (struct selection){ 0 };
                return 0;
        } else if (q->after.p && unknown != UNKNOWN_FIRST) {
                return 1;
        }

        take(s, q, cursor, at, ret);
        return 0;
}
