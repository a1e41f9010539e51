#include "ctl/count.h"
#include "ctl/reading.h"
#include "store/replay.h"
#include "walk/index.h"

static int read_counts(struct catalog *catalog, struct count *ret, struct err *e)
{
        int64_t created = INT64_MIN, row = 0;
        char id[CATALOG_ID_MAX];
        int r;

        if (catalog_counts(catalog, &ret->counts, e) < 0)
                return -1;
        r = catalog_wanted(catalog, &created, &row, id, e);
        if (r == 0)
                ret->waiting = created;
        return r < 0 ? -1 : 0;
}

static int from_catalog(const struct chain *chain, struct count *ret, struct err *e)
{
        struct catalog *catalog;
        struct ledger_head head;
        int r = catalog_open_readonly(chain->dirfd, &catalog, e);

        if (r != 0)
                return -1;
        r = read_counts(catalog, ret, e);
        if (r == 0)
                r = catalog_head(catalog, &head, e);
        if (r == 0)
                ret->seq = head.seq;
        catalog_close(catalog);
        return r;
}

struct build {
        const struct chain *chain;
        struct catalog *catalog;
        struct damage *damage;
        struct err err;
};

#define STOP 1 /* err says why */

static int index_text(struct build *b, const struct ledger_line *line,
                      const struct frame_ref *frame, struct reading_text *text)
{
        uint64_t walk = 0;

        ledger_uint(&line->members, "walk", &walk);
        if (index_frame(b->catalog, frame, walk, line->time, text->text, &b->err) == 0)
                return 0;
        if (b->err.kind == ERR_DAMAGE)
                damage_add(b->damage, frame->segment, frame->offset, frame->records, "%s",
                           b->err.text);
        return STOP;
}

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct build *b = ctx;
        struct reading_text text;
        struct frame_ref frame;
        struct name name;
        int r;

        if (!json_equals(&line->type, "frame") || !replay_frame(line, &frame, &name))
                return 0;
        r = reading_open(b->chain->dirfd, &frame, name.packing, &text, &b->err);
        if (r != 0) {
                if (r > 0)
                        damage_add(b->damage, frame.segment, frame.offset, frame.records, "%s",
                                   b->err.text);
                return STOP;
        }
        r = index_text(b, line, &frame, &text);
        reading_close(&text);
        return r;
}

static int from_frames(const struct chain *chain, struct count *ret, struct damage *d,
                       struct err *e)
{
        struct build b = { .chain = chain, .damage = d };
        int r = catalog_open_temporary(&b.catalog, e);

        if (r < 0)
                return -1;
        r = catalog_begin(b.catalog, e);
        if (r == 0)
                r = chain_each(chain, on_line, &b, e);
        if (r == STOP)
                *e = b.err;
        if (r == 0)
                r = read_counts(b.catalog, ret, e);
        ret->seq = chain->good.seq;
        catalog_close(b.catalog);
        return r == 0 ? 0 : -1;
}

int count_completions(const struct chain *chain, bool writing, struct count *ret, struct damage *d,
                      struct err *e)
{
        struct count count = { 0 };
        int r = -1;

        if (chain->catalog == CHAIN_CATALOG_READ)
                r = from_catalog(chain, &count, e);
        if (r != 0 || (count.seq < chain->good.seq && !writing))
                r = from_frames(chain, &count, d, e);
        if (r == 0)
                *ret = count;
        return r;
}
