#include "store.h"

#include "id.h"
#include "json.h"
#include "message.h"
#include "record.h"

#include <stdlib.h>

static uint32_t append(struct store *s, int64_t created)
{
        if (s->n == s->room) {
                s->room = s->room ? s->room * 2 : 1024;
                s->records = must_resize(s->records, s->room * sizeof(*s->records));
                s->order = must_resize(s->order, s->room * sizeof(*s->order));
        }
        s->records[s->n] = (struct record){ .created = created };
        s->order[s->n] = (uint32_t)s->n;

        return (uint32_t)s->n++;
}

static int compare(const struct store *s, uint32_t a, uint32_t b)
{
        struct buf x = { 0 }, y = { 0 };
        int order;

        if (a == b)
                return 0;
        if (s->records[a].created != s->records[b].created)
                return s->records[a].created < s->records[b].created ? -1 : 1;

        store_id(s, a, &x);
        store_id(s, b, &y);
        order = strcmp(x.p, y.p);
        buf_done(&x);
        buf_done(&y);

        return order;
}

static int by_second_and_id(const void *a, const void *b, void *ctx)
{
        return compare(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* The seconds are drawn from the oldest on, and then moved so that the newest is plan->start. */
static void generate(struct store *s, const struct store_plan *plan)
{
        struct rng rng = rng_of(s->shape->seed, 0, 1);
        int64_t at = 0, shift;
        bool storm = plan->tie_storm > 0;

        while (s->n < plan->records) {
                uint64_t ties = 1 + rng_below(&rng, plan->ties);

                if (storm && s->n >= plan->records / 2) {
                        ties = plan->tie_storm;
                        storm = false;
                }
                at += 1 + (int64_t)rng_below(&rng, 2 * plan->spread - 1);
                for (; ties > 0 && s->n < plan->records; ties--)
                        append(s, at);
        }
        shift = plan->start - at;
        for (size_t i = 0; i < s->n; i++)
                s->records[i].created += shift;
}

void store_init(struct store *s, const struct shape *shape, const struct store_plan *plan)
{
        *s = (struct store){ .shape = shape, .rng = rng_of(shape->seed, 0, 2) };
        if (plan->serve_dir) {
                recorded_load(plan->serve_dir, &s->recorded);
                for (size_t i = 0; i < s->recorded.n_completions; i++)
                        append(s, s->recorded.completions[i].created);
        } else {
                generate(s, plan);
        }
        if (s->n > 0)
                qsort_r(s->order, s->n, sizeof(*s->order), by_second_and_id, s);
}

static void free_items(struct recorded_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(items[i].text);
                free(items[i].id);
        }
        free(items);
}

void store_done(struct store *s)
{
        for (size_t i = 0; i < s->n_edits; i++)
                free(s->edits[i].metadata);
        free_items(s->recorded.completions, s->recorded.n_completions);
        free_items(s->recorded.messages, s->recorded.n_messages);
        free(s->edits);
        free(s->records);
        free(s->order);
        *s = (struct store){ 0 };
}

uint32_t store_add(struct store *s, int64_t created, enum store_clock late, uint64_t after)
{
        uint32_t record = append(s, created);
        size_t place;

        s->records[record].late = (uint8_t)late;
        s->records[record].visible_after = s->clock[late] + after;

        place = store_place(s, record);
        memmove(s->order + place + 1, s->order + place, (s->n - 1 - place) * sizeof(*s->order));
        s->order[place] = record;

        return record;
}

void store_edit(struct store *s, uint32_t record, struct slice metadata)
{
        struct record *r = &s->records[record];
        struct edit e = { .record = record, .version = 1, .older = r->edit };

        if (r->edit > 0)
                e.version = s->edits[r->edit - 1].version + 1;
        if (metadata.p) {
                e.metadata = must_alloc(metadata.n + 1);
                memcpy(e.metadata, metadata.p, metadata.n);
                e.n_metadata = metadata.n;
        }

        s->edits = must_resize(s->edits, (s->n_edits + 1) * sizeof(*s->edits));
        s->edits[s->n_edits++] = e;
        r->edit = (uint32_t)s->n_edits;
}

void store_id(const struct store *s, uint32_t record, struct buf *ret)
{
        if (record < s->recorded.n_completions)
                buf_slice(ret, recorded_id(&s->recorded.completions[record]));
        else
                id_make(s->shape, record, s->records[record].created, ret);
}

uint32_t store_find(const struct store *s, struct slice id)
{
        uint32_t record = recorded_find(&s->recorded, id);
        struct buf same = { 0 };

        if (record == UINT32_MAX)
                record = id_index(s->shape, id);
        if (record >= s->n)
                return UINT32_MAX;
        store_id(s, record, &same);
        if (!slice_equal(buf_as_slice(&same), id))
                record = UINT32_MAX;
        buf_done(&same);

        return record;
}

bool store_visible(const struct store *s, uint32_t record)
{
        const struct record *r = &s->records[record];

        return !r->deleted && (r->late == CLOCK_NONE || s->clock[r->late] > r->visible_after);
}

int64_t store_newest(const struct store *s)
{
        return s->n > 0 ? s->records[s->order[s->n - 1]].created : 0;
}

size_t store_before(const struct store *s, int64_t created)
{
        size_t low = 0, high = s->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (s->records[s->order[middle]].created < created)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

size_t store_place(const struct store *s, uint32_t record)
{
        size_t low = 0, high = s->n;

        /* A record that is just being added stands at the end of `order`, out of order. */
        if (high > 0 && s->order[high - 1] == record)
                high--;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare(s, s->order[middle], record) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

bool store_was_shown(const struct store *s, struct version v)
{
        return v.edit > 0 ? s->edits[v.edit - 1].shown : s->records[v.record].shown;
}

void store_mark_shown(struct store *s, struct version v)
{
        if (v.edit > 0)
                s->edits[v.edit - 1].shown = true;
        else
                s->records[v.record].shown = true;
}

/* Exchange the record's metadata, or give it some. */
static void replace_metadata(struct rope *rope, struct slice metadata)
{
        struct slice head = buf_as_slice(&rope->head);
        struct buf text = { 0 };
        struct json_member m;

        if (json_member(head, slice_of("metadata"), &m)) {
                size_t from = (size_t)(m.value.p - head.p);

                rope_replace(rope, from, from + m.value.n, metadata);
                return;
        }
        buf_puts(&text, ",\"metadata\":");
        buf_slice(&text, metadata);
        rope_replace(rope, head.n - 1, head.n - 1, buf_as_slice(&text));
        buf_done(&text);
}

void store_render(const struct store *s, struct version v, struct rope *ret)
{
        const struct edit *e = v.edit > 0 ? &s->edits[v.edit - 1] : NULL;
        struct buf generated = { 0 };

        if (v.record >= s->recorded.n_completions) {
                record_render(s->shape, v.record, s->records[v.record].created, e ? e->version : 0,
                              ret);
                if (e && e->metadata)
                        replace_metadata(ret, (struct slice){ e->metadata, e->n_metadata });
                return;
        }

        buf_add(&ret->head, s->recorded.completions[v.record].text,
                s->recorded.completions[v.record].n);
        if (e && e->metadata) {
                replace_metadata(ret, (struct slice){ e->metadata, e->n_metadata });
        } else if (e) {
                buf_printf(&generated, "{\"edited\":\"%u\"}", e->version);
                replace_metadata(ret, buf_as_slice(&generated));
        }
        buf_done(&generated);
}

uint32_t store_message_count(const struct store *s, uint32_t record)
{
        size_t first;

        if (record < s->recorded.n_completions)
                return recorded_messages(&s->recorded,
                                         recorded_id(&s->recorded.completions[record]), &first);
        return message_count(s->shape, record);
}

void store_render_message(const struct store *s, uint32_t record, uint32_t which, struct rope *ret)
{
        struct buf id = { 0 };
        size_t first = 0;

        if (record < s->recorded.n_completions) {
                recorded_messages(&s->recorded, recorded_id(&s->recorded.completions[record]),
                                  &first);
                buf_add(&ret->head, s->recorded.messages[first + which].text,
                        s->recorded.messages[first + which].n);
                return;
        }
        store_id(s, record, &id);
        message_render(s->shape, buf_as_slice(&id), record, which, ret);
        buf_done(&id);
}
