#include "ctl/pick.h"

#define PICK_FULL 4 /* the limit is reached */

struct picking {
        const struct pick *p;
        struct record *record;
        uint64_t picked;
        int failed; /* -1: *e says why */
        struct err *e;
};

int pick_lost(struct damage *d, enum stream stream, const struct library_row *row, int r,
              const struct err *e)
{
        if (r >= 0 || e->kind != ERR_DAMAGE)
                return r;
        damage_add(d, stream_name(stream), 0, 1, "%s: %s", row->id, e->text);
        return LIBRARY_LOST;
}

int pick_read(struct library *l, struct damage *d, const struct library_row *row, uint64_t version,
              struct record *record, struct json *ret, struct err *e)
{
        int r;

        record_reset(record);
        r = library_version(l, row, version, record, e);
        if (r == 0)
                r = record_text(record, ret, e);
        return pick_lost(d, STREAM_COMPLETIONS, row, r, e);
}

static int on_row(void *ctx, const struct library_row *row)
{
        struct picking *k = ctx;
        const struct pick *p = k->p;
        bool filtered = filter_reads(p->filter), lost = false;
        const struct json *completion = NULL;
        struct json text;
        int r;

        if (filtered || p->read) {
                r = pick_read(p->library, p->damage, row, 0, k->record, &text, k->e);
                if (r < 0) {
                        k->failed = r;
                        return 1;
                }
                lost = r != 0;
                completion = lost ? NULL : &text;
        }
        if (filtered && (lost || !filter_matches(p->filter, completion)))
                return 0;
        r = p->fn(p->ctx, row, completion, lost);
        if (r == PICK_NOT)
                return 0;
        if (r)
                return r;
        k->picked++;
        return p->filter->limit && k->picked == p->filter->limit ? PICK_FULL : 0;
}

int pick_each(const struct pick *p, struct err *e)
{
        struct picking k = { .p = p, .e = e };
        int r;

        k.record = record_new();
        r = library_each(p->library, p->filter, p->newest_first, on_row, &k, e);
        record_free(k.record);
        if (k.failed)
                return k.failed;
        return r == PICK_FULL ? 0 : r;
}

const char *pick_prompt(const struct library_row *row)
{
        switch (row->r.messages) {
        case CATALOG_ARCHIVED:
                return "archived";
        case CATALOG_EMPTY:
                return "none";
        case CATALOG_MISSING:
                return "missing";
        case CATALOG_WANTED:
                break;
        }
        return "waiting";
}
