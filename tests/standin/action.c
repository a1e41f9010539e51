#include "action.h"

#include <stdlib.h>

#define NAMED_MAX 1000 /* ids in a reply; the number is right in any case */

struct reply {
        struct buf ids;
        uint64_t n;
};

static void name(struct reply *r, const struct store *s, uint32_t record)
{
        struct buf id = { 0 };

        if (r->n++ >= NAMED_MAX)
                return;
        store_id(s, record, &id);
        if (r->n > 1)
                buf_putc(&r->ids, ',');
        buf_json(&r->ids, buf_as_slice(&id));
        buf_done(&id);
}

static int add(struct store *s, uint64_t spread, const struct params *p, struct reply *r)
{
        struct slice created = params_get(p, "created");
        uint64_t n = params_number(p, "n", 1), after = 0;
        int64_t at = created.p ? strtoll(created.p, NULL, 10) : store_newest(s);
        bool same = params_flag(p, "same-second") || created.p;
        enum store_clock late = CLOCK_NONE;

        if (params_flag(p, "hidden")) {
                late = CLOCK_NEVER;
        } else if (params_get(p, "visible-after-requests").p) {
                late = CLOCK_REQUESTS;
                after = params_number(p, "visible-after-requests", 0);
        } else if (params_get(p, "visible-after-lists").p) {
                late = CLOCK_LISTS;
                after = params_number(p, "visible-after-lists", 0);
        }

        for (uint64_t i = 0; i < n; i++) {
                if (!created.p && (i == 0 || !same))
                        at += 1 + (int64_t)rng_below(&s->rng, 2 * spread - 1);
                name(r, s, store_add(s, at, late, after));
        }
        return 0;
}

static void change(struct store *s, struct slice verb, const struct params *p, uint32_t record,
                   struct reply *r)
{
        if (slice_is(verb, "delete"))
                s->records[record].deleted = true;
        else if (slice_is(verb, "restore"))
                s->records[record].deleted = false;
        else if (slice_is(verb, "reveal"))
                s->records[record].late = CLOCK_NONE;
        else
                store_edit(s, record, params_get(p, "metadata"));
        name(r, s, record);
}

/* Whether the verb has something to do with that record. */
static bool applies(const struct store *s, struct slice verb, uint32_t record)
{
        const struct record *r = &s->records[record];

        if (slice_is(verb, "restore"))
                return r->deleted;
        if (slice_is(verb, "reveal"))
                return r->late != CLOCK_NONE;
        return store_visible(s, record);
}

/* n of those that the verb applies to, at random: a random start, then every one that fits. With
 * few asked of many, each is drawn anew. */
static void change_some(struct store *s, struct slice verb, const struct params *p, uint64_t n,
                        struct reply *r)
{
        for (uint64_t tries = 0; r->n < n && tries < 20 * n && s->n > 0; tries++) {
                uint32_t record = (uint32_t)rng_below(&s->rng, s->n);

                if (applies(s, verb, record) &&
                    !(slice_is(verb, "edit") && s->records[record].edit > 0))
                        change(s, verb, p, record, r);
        }
        for (uint32_t record = 0; r->n < n && record < s->n; record++)
                if (applies(s, verb, record))
                        change(s, verb, p, record, r);
}

static int change_named(struct store *s, struct slice verb, const struct params *p, struct reply *r,
                        struct buf *ret)
{
        struct slice id = params_get(p, "id");
        uint64_t index = params_number(p, "index", UINT64_MAX);
        uint32_t record = UINT32_MAX;

        if (id.p)
                record = store_find(s, id);
        else if (slice_is(params_get(p, "index"), "newest") && s->n > 0)
                record = s->order[s->n - 1];
        else if (slice_is(params_get(p, "index"), "oldest") && s->n > 0)
                record = s->order[0];
        else if (index < s->n)
                record = (uint32_t)index;
        if (record == UINT32_MAX) {
                buf_puts(ret, "no such record");
                return -1;
        }
        change(s, verb, p, record, r);
        return 0;
}

static int run(struct store *s, uint64_t spread, struct slice verb, const struct params *p,
               struct reply *r, struct buf *ret)
{
        uint64_t n = params_number(p, "n", slice_is(verb, "reveal") ? s->n : 0);

        if (slice_is(verb, "add"))
                return add(s, spread, p, r);
        if (!slice_is(verb, "delete") && !slice_is(verb, "edit") && !slice_is(verb, "restore") &&
            !slice_is(verb, "reveal")) {
                buf_puts(ret, "no such action");
                return -1;
        }
        if (params_get(p, "id").p || params_get(p, "index").p)
                return change_named(s, verb, p, r, ret);
        if (n == 0) {
                buf_puts(ret, "one of id=, index=, n= is needed");
                return -1;
        }
        change_some(s, verb, p, n, r);
        return 0;
}

int action_run(struct store *store, uint64_t spread, struct slice verb, const struct params *p,
               struct buf *ret)
{
        struct reply r = { 0 };
        int result = run(store, spread, verb, p, &r, ret);

        if (result == 0) {
                buf_puts(ret, "{\"n\":");
                buf_u64(ret, r.n);
                buf_puts(ret, ",\"ids\":[");
                buf_slice(ret, buf_as_slice(&r.ids));
                buf_puts(ret, "]}\n");
        }
        buf_done(&r.ids);
        return result;
}
