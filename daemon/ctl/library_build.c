#include "ctl/library_build.h"
#include "ctl/reading.h"
#include "store/replay.h"
#include "walk/index.h"

#define STOP 1 /* err says why */

struct build {
        const struct chain *chain;
        struct catalog *catalog;
        struct damage *damage;
        uint64_t counted[STREAMS]; /* frames so far */
        bool partly;
        struct err first; /* that was wrong */
        struct err err;
};

static int damaged(struct build *b, const char *file, uint64_t offset, uint64_t records,
                   const struct err *why)
{
        damage_add(b->damage, file, offset, records, "%s", why->text);
        if (!b->partly)
                b->first = *why;
        b->partly = true;
        return 0;
}

/* Where a line of the ledger was lost, the frames behind it are still there. */
static int put_segment(struct build *b, const struct ledger_line *line, const struct frame_ref *ref,
                       const struct name *name)
{
        struct catalog_segment g;
        int r = catalog_get_segment(b->catalog, name->stream, name->number, &g, &b->err);

        if (r == CATALOG_NONE)
                g = (struct catalog_segment){ .name = *name,
                                              .first = line->time,
                                              .ledger = line->offset,
                                              .seq = line->head.seq - 1 };
        if (r < 0)
                return STOP;
        g.length = ref->offset + ref->length;
        g.frames++;
        return catalog_put_segment(b->catalog, &g, &b->err) < 0 ? STOP : 0;
}

static int index_text(struct build *b, const struct ledger_line *line, const struct frame_ref *ref,
                      struct unpack *text)
{
        uint64_t walk = 0;

        ledger_uint(&line->members, "walk", &walk);
        if (index_frame(b->catalog, ref, walk, line->time, text, &b->err) == 0)
                return 0;
        return b->err.kind == ERR_DAMAGE
                       ? damaged(b, ref->segment, ref->offset, ref->records, &b->err)
                       : STOP;
}

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct build *b = ctx;
        struct reading_text text;
        struct frame_ref ref;
        struct name name;
        int r;

        if (!json_equals(&line->type, "frame"))
                return 0;
        if (!replay_frame(line, &ref, &name)) {
                err_set(&b->err, ERR_DAMAGE, "line %llu: its frame makes no sense",
                        (unsigned long long)line->head.seq);
                return damaged(b, LEDGER_FILE, line->offset, DAMAGE_UNKNOWN, &b->err);
        }
        if (put_segment(b, line, &ref, &name) != 0)
                return STOP;
        catalog_set_frame(b->catalog, ref.stream, ++b->counted[ref.stream]);
        r = reading_open(b->chain->dirfd, &ref, name.packing, &text, &b->err);
        if (r != 0)
                return r < 0 ? STOP : damaged(b, ref.segment, ref.offset, ref.records, &b->err);
        r = index_text(b, line, &ref, text.text);
        reading_close(&text);
        return r;
}

int library_build(const struct chain *chain, struct damage *d, struct catalog **ret, struct err *e)
{
        struct build b = { .chain = chain, .damage = d };
        int r;

        if (catalog_open_temporary(&b.catalog, e) < 0)
                return -1;
        r = catalog_begin(b.catalog, e);
        if (r == 0)
                r = chain_each(chain, on_line, &b, e);
        if (r == STOP)
                *e = b.err;
        if (r == 0)
                r = catalog_commit(b.catalog, &chain->good, e);
        if (r != 0) {
                catalog_close(b.catalog);
                return -1;
        }
        if (b.partly)
                *e = b.first;
        *ret = b.catalog;
        return b.partly ? LIBRARY_PARTLY : 0;
}
