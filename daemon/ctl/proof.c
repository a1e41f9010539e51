#include "ctl/proof.h"
#include "ctl/reading.h"
#include "ctl/sight.h"
#include "store/replay.h"

#include <string.h>

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

static void bad_line(struct proof *p, const struct ledger_line *line, uint64_t records,
                     const char *why)
{
        damage_add(p->damage, LEDGER_FILE, line->offset, records, "line %llu: %s",
                   (unsigned long long)line->head.seq, why);
}

static void on_frame(struct proof *p, const struct ledger_line *line)
{
        struct shelf_segment *g;
        struct frame_ref frame;
        struct name name;
        struct err err;
        int r;

        if (!replay_frame(line, &frame, &name))
                return bad_line(p, line, DAMAGE_UNKNOWN, "its frame makes no sense");
        g = shelf_get(p->shelf, &name);
        if (g->sealed)
                bad_line(p, line, frame.records, "its segment is sealed already");
        if (frame.offset > g->end)
                gap(p, g, frame.offset);
        else if (frame.offset < g->end)
                bad_line(p, line, frame.records, "its frame does not follow the one before");
        if (g->end < frame.offset + frame.length)
                g->end = frame.offset + frame.length;

        p->segments += g->frames == 0;
        g->frames++;
        g->records += frame.records;
        p->frames++;
        p->records += frame.records;
        p->stored += frame.length;
        p->plain += frame.bytes;
        r = p->quick ? reading_reach(p->dirfd, &frame, &err)
                     : reading_frame(p->dirfd, &frame, name.packing, NULL, NULL, &err);
        note(p, g, &frame, r, &err);
        if (p->progress)
                p->progress(p->ctx, frame.length);
}

/* ---- seals ---- */

static bool read_seal(const struct ledger_line *line, struct name *ret_name,
                      char segment[static NAME_MAX_BYTES], uint64_t *ret_length,
                      uint8_t sum[static SHA256_SIZE])
{
        char hex[SHA256_HEX_SIZE];

        return ledger_text(&line->members, "segment", segment, NAME_MAX_BYTES) &&
               name_parse(segment, strlen(segment), ret_name) == 0 && !ret_name->open &&
               ledger_uint(&line->members, "length", ret_length) &&
               ledger_text(&line->members, "sha256", hex, sizeof(hex)) &&
               sha256_unhex(hex, strlen(hex), sum) == 0;
}

static void on_seal(struct proof *p, const struct ledger_line *line)
{
        struct shelf_segment *g;
        char segment[NAME_MAX_BYTES];
        uint8_t sum[SHA256_SIZE];
        struct name name;
        uint64_t length;
        struct err err;

        if (!read_seal(line, &name, segment, &length, sum))
                return bad_line(p, line, DAMAGE_UNKNOWN, "its seal makes no sense");
        g = shelf_get(p->shelf, &name);
        if (g->sealed)
                return bad_line(p, line, g->records, "its segment is sealed already");
        g->sealed = true;
        if (length > g->end)
                gap(p, g, length);
        else if (length < g->end)
                bad_line(p, line, g->records, "it seals less than the frames of its segment");
        g->end = length > g->end ? length : g->end;

        /* Where a frame is wrong, the file is, and it was told; a file that was cut is, too. */
        if (!p->quick && !g->harmed && !g->cut && !g->unread)
                note(p, g, &(struct frame_ref){ .length = length, .records = g->records },
                     reading_segment(p->dirfd, segment, length, sum, &err), &err);
}

void proof_line(struct proof *p, const struct ledger_line *line)
{
        if (json_equals(&line->type, "frame"))
                on_frame(p, line);
        else if (json_equals(&line->type, "seal"))
                on_seal(p, line);
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
        shelf_each(p->shelf, end_segment, p);
}
