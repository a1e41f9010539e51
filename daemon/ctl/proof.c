#include "ctl/proof.h"
#include "ctl/sight.h"
#include "store/replay.h"

#include <string.h>

/* A line on its way: what it names is read by any thread, and judged in its turn. */
struct job {
        enum { BAD, FRAME, SEAL } what;
        uint64_t offset, seq;   /* of the line */
        const char *why;        /* BAD */
        struct name name;       /* of the segment */
        struct frame_ref frame; /* of a seal: the segment, its length, its digest */
        enum { REACH, READ } how;
        struct reading_file *file; /* NULL: r and err say why */
        int r;                     /* enum reading */
        struct err err;
};

/* ---- frames ---- */

static void gap(struct proof *p, struct shelf_segment *g, uint64_t to)
{
        struct sight s;

        sight_take(p->dirfd, &g->name, &s);
        damage_add(p->damage, sight_path(&s), g->end, DAMAGE_UNKNOWN,
                   "no line of the ledger names the %llu bytes here",
                   (unsigned long long)(to - g->end));
        g->harmed = true;
}

static void note(struct proof *p, struct shelf_segment *g, const struct frame_ref *frame, int r,
                 const struct err *e)
{
        struct sight s;

        if (r == 0 || r == READING_MISSING) /* the end tells of a file that is missing, once */
                return;
        if (r == READING_CUT) {
                if (!g->cut)
                        g->cut_offset = frame->offset;
                g->cut = true;
                g->cut_records += frame->records;
                return;
        }
        sight_take(p->dirfd, &g->name, &s);
        if (r < 0) {
                if (!g->unread)
                        damage_unread(p->damage, sight_path(&s), e->text);
                g->unread = true;
                return;
        }
        g->harmed = true;
        damage_add(p->damage, sight_path(&s), frame->offset, frame->records, "%s", e->text);
}

static void bad_line(struct proof *p, const struct job *j, uint64_t records, const char *why)
{
        damage_add(p->damage, LEDGER_FILE, j->offset, records, "line %llu: %s",
                   (unsigned long long)j->seq, why);
}

static void end_frame(struct proof *p, const struct job *j)
{
        struct shelf_segment *g = shelf_get(p->shelf, &j->name);
        const struct frame_ref *frame = &j->frame;

        if (g->sealed)
                bad_line(p, j, frame->records, "its segment is sealed already");
        if (frame->offset > g->end)
                gap(p, g, frame->offset);
        else if (frame->offset < g->end)
                bad_line(p, j, frame->records, "its frame does not follow the one before");
        if (g->end < frame->offset + frame->length)
                g->end = frame->offset + frame->length;

        p->segments += g->frames == 0;
        g->frames++;
        g->records += frame->records;
        p->frames++;
        p->records += frame->records;
        p->stored += frame->length;
        p->plain += frame->bytes;
        p->frames_read += j->how == READ;
        note(p, g, frame, j->r, &j->err);
        if (p->progress)
                p->progress(p->ctx, frame->length);
}

static void end_seal(struct proof *p, struct job *j)
{
        struct shelf_segment *g = shelf_get(p->shelf, &j->name);
        uint64_t length = j->frame.length;

        if (g->sealed)
                return bad_line(p, j, g->records, "its segment is sealed already");
        g->sealed = true;
        if (length > g->end)
                gap(p, g, length);
        else if (length < g->end)
                bad_line(p, j, g->records, "it seals less than the frames of its segment");
        g->end = length > g->end ? length : g->end;

        /* Where a frame is wrong, the file is, and it was told; a file that was cut is, too. */
        p->files_read += j->how == READ;
        j->frame.records = g->records;
        if (j->how == READ && !g->harmed && !g->cut && !g->unread)
                note(p, g, &j->frame, j->r, &j->err);
}

/* ---- jobs ---- */

static void work(void *ctx, void *job)
{
        struct job *j = job;

        (void)ctx;
        if (!j->file)
                return;
        if (j->what == SEAL)
                j->r = j->how == REACH ? 0
                                       : reading_file_prove(j->file, j->frame.length, j->frame.sum,
                                                            &j->err);
        else
                j->r = j->how == REACH ? reading_file_reach(j->file, &j->frame, &j->err)
                                       : reading_file_frame(j->file, &j->frame, j->name.packing,
                                                            NULL, NULL, &j->err);
}

static void drop(void *ctx, void *job)
{
        struct job *j = job;

        (void)ctx;
        j->file = reading_file_drop(j->file);
}

static int done(void *ctx, void *job)
{
        struct proof *p = ctx;
        struct job *j = job;

        if (j->what == FRAME)
                end_frame(p, j);
        else if (j->what == SEAL)
                end_seal(p, j);
        else
                bad_line(p, j, DAMAGE_UNKNOWN, j->why);
        drop(p, j);
        return 0;
}

/* The lines' numbers alone would go by turns: of two streams that grow together, say, each second
 * one is the one's. */
static bool is_sampled(const struct proof *p, uint64_t seq)
{
        uint64_t x = seq * 0x9e3779b97f4a7c15u;

        x ^= x >> 32;
        x *= 0xd6e8feb86659fd93u;
        x ^= x >> 32;
        return p->of == 0 || x % p->of == p->sample - 1;
}

static bool read_seal(const struct ledger_line *line, struct name *ret_name, struct frame_ref *ret)
{
        char hex[SHA256_HEX_SIZE];

        ret->offset = 0;
        return ledger_text(&line->members, "segment", ret->segment, sizeof(ret->segment)) &&
               name_parse(ret->segment, strlen(ret->segment), ret_name) == 0 && !ret_name->open &&
               ledger_uint(&line->members, "length", &ret->length) &&
               ledger_text(&line->members, "sha256", hex, sizeof(hex)) &&
               sha256_unhex(hex, strlen(hex), ret->sum) == 0;
}

void proof_start(struct proof *p)
{
        const struct crew_calls calls = {
                .size = sizeof(struct job), .work = work, .done = done, .drop = drop, .ctx = p
        };

        p->files = (struct reading_files){ .dirfd = p->dirfd };
        p->crew = crew_new(p->quick ? 1 : p->jobs, &calls);
}

void proof_line(struct proof *p, const struct ledger_line *line)
{
        bool frame = json_equals(&line->type, "frame");
        struct job *j;

        if (!frame && !json_equals(&line->type, "seal"))
                return;
        j = crew_job(p->crew);
        j->what = frame ? FRAME : SEAL;
        j->offset = line->offset;
        j->seq = line->head.seq;
        j->how = !p->quick && is_sampled(p, line->head.seq) ? READ : REACH;
        if (frame && !replay_frame(line, &j->frame, &j->name)) {
                j->what = BAD;
                j->why = "its frame makes no sense";
        } else if (!frame && !read_seal(line, &j->name, &j->frame)) {
                j->what = BAD;
                j->why = "its seal makes no sense";
        }
        if (j->what != BAD)
                j->r = reading_files_get(&p->files, j->name.stream, j->frame.segment, &j->file,
                                         &j->err);
        crew_put(p->crew);
}

/* ---- the end ---- */

/* What was sealed before the ledger was read has its lines there. What was not may have been
 * committed and sealed since. */
static void end_unnamed(struct proof *p, const struct shelf_segment *g, const struct sight *s)
{
        if (g->listed_sealed && s->sealed)
                damage_add(p->damage, s->sealed_path, 0, DAMAGE_UNKNOWN,
                           "no line of the ledger names it");
        else if (s->sealed || s->open)
                damage_uncommitted(p->damage, sight_path(s), 0,
                                   s->sealed ? s->sealed_length : s->open_length,
                                   "no frame of it is committed");
}

static void end_length(struct proof *p, const struct shelf_segment *g, const char *path,
                       uint64_t length)
{
        if (length < g->end)
                damage_add(p->damage, path, g->cut ? g->cut_offset : length,
                           g->cut ? g->cut_records : DAMAGE_UNKNOWN,
                           "it was cut: it has %llu bytes, the ledger says %llu",
                           (unsigned long long)length, (unsigned long long)g->end);
        else if (length > g->end && g->sealed)
                damage_add(p->damage, path, g->end, 0,
                           "it grew: it has %llu bytes, the ledger says %llu",
                           (unsigned long long)length, (unsigned long long)g->end);
        else if (length > g->end)
                damage_uncommitted(p->damage, path, g->end, length - g->end,
                                   "behind the last commit");
}

static void end_segment(void *ctx, struct shelf_segment *g)
{
        struct proof *p = ctx;
        struct sight s;

        sight_take(p->dirfd, &g->name, &s);
        if (s.error) {
                if (!g->unread)
                        damage_unread(p->damage, s.sealed_path, strerror(s.error));
                return;
        }
        if (s.sealed && s.open)
                damage_add(p->damage, s.open_path, 0, g->records,
                           "the segment is there under both of its names");
        if (!g->frames && !g->sealed)
                end_unnamed(p, g, &s);
        else if (!s.sealed && !s.open)
                damage_add(p->damage, s.sealed_path, 0, g->records, "it is missing");
        else if (!s.sealed && g->sealed)
                damage_add(p->damage, s.open_path, 0, g->records,
                           "the ledger says that it is sealed, its name says that it grows");
        else
                end_length(p, g, sight_path(&s), s.sealed ? s.sealed_length : s.open_length);
}

void proof_end(struct proof *p)
{
        crew_end(p->crew);
        shelf_each(p->shelf, end_segment, p);
}

void proof_done(struct proof *p)
{
        p->crew = crew_free(p->crew);
        reading_files_done(&p->files);
}
