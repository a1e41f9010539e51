#include "ctl/cat.h"
#include "base/buf.h"
#include "ctl/chain.h"
#include "ctl/reading.h"
#include "ctl/show.h"
#include "store/replay.h"

#include <string.h>

struct cat {
        const struct verb *verb;
        enum stream stream;
        const struct chain *chain;
        struct damage *damage;
        char unread[NAME_MAX_BYTES]; /* the segment of which that was told */
        struct show show;
        struct buf shown;
};

static int put(void *ctx, const char *p, size_t n)
{
        struct cat *c = ctx;

        if (c->verb->out_terminal) {
                buf_clear(&c->shown);
                show_add(&c->show, p, n, &c->shown);
                p = buf_str(&c->shown);
                n = c->shown.n;
        }
        return fwrite(p, 1, n, c->verb->out) == n ? 0 : -1;
}

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct cat *c = ctx;
        struct frame_ref frame;
        struct name name;
        struct err err;
        int r;

        if (!json_equals(&line->type, "frame"))
                return 0;
        if (!replay_frame(line, &frame, &name)) {
                damage_add(c->damage, LEDGER_FILE, line->offset, DAMAGE_UNKNOWN,
                           "line %llu: its frame makes no sense",
                           (unsigned long long)line->head.seq);
                return 0;
        }
        if (name.stream != c->stream)
                return 0;
        r = reading_frame(c->chain->dirfd, &frame, name.packing, put, c, &err);
        if (r == READING_STOPPED)
                return r;
        if (r < 0 && strcmp(c->unread, frame.segment) != 0) {
                memcpy(c->unread, frame.segment, sizeof(c->unread));
                damage_unread(c->damage, frame.segment, err.text);
        } else if (r > 0)
                damage_add(c->damage, frame.segment, frame.offset, frame.records, "%s", err.text);
        return 0;
}

int cat_stream(const struct verb *v, enum stream stream)
{
        struct damage damage = { .out = v->err };
        struct cat c = { .verb = v, .stream = stream, .damage = &damage, .shown = BUF_INIT };
        struct chain chain;
        struct err err;
        int r;

        r = chain_open(v->directory, &chain, &err);
        if (r == CHAIN_NONE) {
                chain_done(&chain);
                return verb_none(v);
        }
        c.chain = &chain;
        if (r == 0)
                r = chain_check(&chain, &damage, &err);
        if (r == 0)
                r = chain_each(&chain, on_line, &c, &err);
        chain_done(&chain);
        buf_done(&c.shown);
        return r < 0 ? verb_fail(v, &err) : verb_found(&damage);
}
