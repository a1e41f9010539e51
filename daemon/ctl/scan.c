#include "ctl/scan.h"
#include "base/mem.h"
#include "ctl/crew.h"
#include "ctl/reading.h"
#include "store/replay.h"

#include <string.h>

/* A frame's line on its way; its text is kept from job to job. */
struct job {
        bool sense;           /* else the line makes none */
        uint64_t offset, seq; /* of the line */
        struct frame_ref frame;
        enum packing packing;
        struct reading_file *file; /* NULL: r and err say why */
        int r;                     /* enum reading */
        struct err err;
        char *text;
        size_t n, room;
        void *result; /* of scan.work */
};

struct run {
        const struct scan *scan;
        struct crew *crew;
        struct reading_files files;
        char unread[NAME_MAX_BYTES]; /* the segment of which that was told last */
        int result;                  /* that a callback ended it with */
};

/* ---- in any thread ---- */

static int keep(void *ctx, const char *p, size_t n)
{
        struct job *j = ctx;

        memcpy(j->text + j->n, p, n);
        j->n += n;
        return 0;
}

static void work(void *ctx, void *job)
{
        const struct scan *s = ((struct run *)ctx)->scan;
        struct job *j = job;

        if (!j->file)
                return;
        if (j->room < j->frame.bytes) {
                free(take_ptr(j->text));
                j->room = (size_t)j->frame.bytes;
                j->text = mem_resize(NULL, j->room);
        }
        j->r = reading_file_frame(j->file, &j->frame, j->packing, keep, j, &j->err);
        if (j->r == 0 && s->work)
                j->result = s->work(s->ctx, &j->frame, j->text, j->n);
}

/* ---- in the caller's ---- */

static void tell(struct run *x, const struct job *j)
{
        struct damage *d = x->scan->damage;

        if (j->r > 0) {
                damage_add(d, j->frame.segment, j->frame.offset, j->frame.records, "%s",
                           j->err.text);
        } else if (strcmp(x->unread, j->frame.segment) != 0) {
                memcpy(x->unread, j->frame.segment, sizeof(x->unread));
                damage_unread(d, j->frame.segment, j->err.text);
        }
}

static int hand_on(const struct scan *s, struct job *j)
{
        int r;

        if (s->work)
                return s->made(s->ctx, &j->frame, take_ptr(j->result));
        r = s->text(s->ctx, &j->frame, j->text, j->n);
        return r != 0 ? r : s->text(s->ctx, &j->frame, NULL, 0);
}

static int done(void *ctx, void *job)
{
        struct run *x = ctx;
        struct job *j = job;

        j->file = reading_file_drop(j->file);
        if (!j->sense)
                damage_add(x->scan->damage, LEDGER_FILE, j->offset, DAMAGE_UNKNOWN,
                           "line %llu: its frame makes no sense", (unsigned long long)j->seq);
        else if (j->r != 0)
                tell(x, j);
        else
                x->result = hand_on(x->scan, j);
        return x->result;
}

static void drop(void *ctx, void *job)
{
        const struct scan *s = ((struct run *)ctx)->scan;
        struct job *j = job;

        j->file = reading_file_drop(j->file);
        if (j->result)
                s->drop(take_ptr(j->result));
}

static void clear(void *ctx, void *job)
{
        (void)ctx;
        free(((struct job *)job)->text);
}

struct pieces {
        struct run *run;
        const struct frame_ref *frame;
};

static int hand_piece(void *ctx, const char *p, size_t n)
{
        struct pieces *f = ctx;
        const struct scan *s = f->run->scan;

        return f->run->result = s->text(s->ctx, f->frame, p, n);
}

/* One that is too large for memory, when all before it are done. */
static void read_large(struct run *x, struct job *j)
{
        const struct scan *s = x->scan;

        if (j->file)
                j->r = reading_file_frame(j->file, &j->frame, j->packing, hand_piece,
                                          &(struct pieces){ x, &j->frame }, &j->err);
        j->file = reading_file_drop(j->file);
        if (x->result != 0)
                return;
        if (j->r != 0)
                tell(x, j);
        if (j->r == 0 || j->r == READING_BROKEN || j->r == READING_UNREADABLE)
                x->result = s->text(s->ctx, &j->frame, NULL, 0);
}

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct run *x = ctx;
        const struct scan *s = x->scan;
        struct name name;
        struct job *j;

        if (!json_equals(&line->type, "frame"))
                return 0;
        if (line->time < s->since || (s->until && line->time > s->until))
                return 0;
        j = crew_job(x->crew);
        if (!j)
                return 1;
        j->offset = line->offset;
        j->seq = line->head.seq;
        j->n = 0;
        j->sense = replay_frame(line, &j->frame, &name);
        if (j->sense) {
                if (!(s->streams & 1u << name.stream))
                        return 0;
                j->packing = name.packing;
                j->r = reading_files_get(&x->files, name.stream, j->frame.segment, &j->file,
                                         &j->err);
        }
        if (j->sense && j->frame.bytes > SCAN_FRAME_MAX) {
                if (crew_end(x->crew) == 0)
                        read_large(x, j);
                else
                        drop(x, j);
                return x->result != 0;
        }
        crew_put(x->crew);
        return 0;
}

int scan_run(const struct scan *s, struct err *e)
{
        struct run x = { .scan = s, .files = { .dirfd = s->chain->dirfd } };
        const struct crew_calls calls = { .size = sizeof(struct job),
                                          .work = work,
                                          .done = done,
                                          .drop = drop,
                                          .clear = clear,
                                          .ctx = &x };
        int r;

        x.crew = crew_new(s->jobs, &calls);
        r = chain_each(s->chain, on_line, &x, e);
        crew_end(x.crew);
        crew_free(x.crew);
        reading_files_done(&x.files);
        return x.result != 0 ? x.result : r;
}
