#include "ctl/places.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "store/replay.h"

#include <stdio.h>
#include <string.h>

/* Of the segment in hand, where the lines of some frames are: of each at first, and once there are
 * MARKS_MAX of them, of every second, and so on. A day's segment has up to 8,640. */
#define MARKS_MAX 4096

struct places {
        int fd;
        struct catalog_segment segment; /* frames 0: none */
        uint64_t marks[MARKS_MAX];      /* offset of the line of frame 1 + i * stride */
        size_t n;
        uint64_t stride;

        struct place last; /* that was found, */
        enum stream stream;
        uint64_t frame; /* and its number; 0: none was */
};

struct places *places_new(int fd)
{
        struct places *p = mem_new(sizeof(*p));

        p->fd = fd;
        return p;
}

struct places *places_free(struct places *p)
{
        free(p);
        return NULL;
}

static void take_segment(struct places *p, const struct catalog_segment *g)
{
        if (p->segment.frames && p->segment.name.stream == g->name.stream &&
            p->segment.name.number == g->name.number && p->segment.ledger == g->ledger)
                return;
        p->segment = *g;
        p->n = 0;
        p->stride = 1;
}

static void put_mark(struct places *p, uint64_t nth, uint64_t offset)
{
        if ((nth - 1) % p->stride != 0 || (nth - 1) / p->stride != p->n)
                return;
        if (p->n == MARKS_MAX) {
                for (size_t i = 0; i < MARKS_MAX / 2; i++)
                        p->marks[i] = p->marks[2 * i];
                p->n = MARKS_MAX / 2;
                p->stride *= 2;
                return put_mark(p, nth, offset);
        }
        p->marks[p->n++] = offset;
}

/* Lines that are only counted are not proven: that costs a digest each, and a day has thousands. A
 * frame's line names its segment; a seal's does so, too, but has no offset; a recover line has one,
 * but names a file. The one that is found is proven, and what it leads to has to be what was asked
 * for. */
struct pass {
        /* The member that names it. */
        char segment[NAME_MAX_BYTES + sizeof("\"segment\":\"\"")];
        uint64_t at;     /* frames that were passed */
        uint64_t offset; /* of text[0] in the file */
        size_t n;        /* bytes there */
        bool within;     /* text[0] is within a line that is too long to be one of ours */
        char text[4 * LEDGER_LINE_MAX];
};

static bool is_frame(const struct pass *s, const char *line, size_t n)
{
        return n <= LEDGER_LINE_MAX && memmem(line, n, s->segment, strlen(s->segment)) &&
               memmem(line, n, "\"offset\":", 9);
}

/* The lines that are whole in memory; true: *ret is where that of the wanted one begins. */
static bool pass_lines(struct places *p, struct pass *s, uint64_t nth, uint64_t *ret)
{
        size_t at = 0;
        char *newline;

        while ((newline = memchr(s->text + at, '\n', s->n - at))) {
                size_t n = (size_t)(newline - (s->text + at));

                if (!s->within && is_frame(s, s->text + at, n)) {
                        *ret = s->offset + at;
                        put_mark(p, ++s->at, *ret);
                        if (s->at == nth)
                                return true;
                }
                s->within = false;
                at += n + 1;
        }
        if (at == 0 && s->n == sizeof(s->text)) {
                s->within = true;
                at = s->n;
        }
        memmove(s->text, s->text + at, s->n - at);
        s->n -= at;
        s->offset += at;
        return false;
}

static int pass_to(struct places *p, uint64_t nth, uint64_t *ret, struct err *e)
{
        _cleanup_free_ struct pass *s = mem_resize(NULL, sizeof(*s));
        struct name name = p->segment.name;
        char path[NAME_MAX_BYTES];
        size_t i = (size_t)((nth - 1) / p->stride), got;

        s->at = 0;
        s->n = 0;
        s->within = false;
        s->offset = p->segment.ledger;
        if (p->n) {
                i = i < p->n ? i : p->n - 1;
                s->offset = p->marks[i];
                s->at = i * p->stride;
        }
        name.open = false;
        snprintf(s->segment, sizeof(s->segment), "\"segment\":\"%s\"", name_path(&name, path));
        for (;;) {
                if (fsio_read(p->fd, s->text + s->n, sizeof(s->text) - s->n, s->offset + s->n, &got,
                              LEDGER_FILE, e) < 0)
                        return -1;
                s->n += got;
                if (pass_lines(p, s, nth, ret))
                        return 0;
                if (got == 0)
                        return PLACES_NONE;
        }
}

static void take_line(const struct ledger_line *line, struct place *ret)
{
        ret->time = line->time;
        ret->walk = 0;
        ledger_uint(&line->members, "walk", &ret->walk);
        if (!ledger_text(&line->members, "request_id", ret->request_id, sizeof(ret->request_id)))
                ret->request_id[0] = '\0';
}

/* The segment's frame number `nth`, from 1. */
static int find_nth(struct places *p, uint64_t nth, struct place *ret, struct err *e)
{
        struct ledger_head from = { .seq = 0 };
        struct ledger_reader *r;
        struct ledger_line line;
        struct name name;
        const char *why;
        int step, result;

        if (p->segment.ledger > INT64_MAX)
                return PLACES_NONE;
        result = pass_to(p, nth, &from.offset, e);
        if (result != 0)
                return result;
        ret->line = from.offset;
        r = ledger_reader_new(p->fd, &from);
        step = ledger_next(r, &line, &why, e);
        result = step < 0 ? -1 : PLACES_BAD;
        if (step == LEDGER_LINE) {
                result = PLACES_NONE;
                if (json_equals(&line.type, "frame") && replay_frame(&line, &ret->ref, &name) &&
                    name.stream == p->segment.name.stream &&
                    name.number == p->segment.name.number) {
                        ret->packing = name.packing;
                        take_line(&line, ret);
                        result = 0;
                }
        }
        ledger_reader_free(r);
        return result;
}

int places_find(struct places *p, struct catalog *c, enum stream stream, uint64_t frame,
                struct place *ret, struct err *e)
{
        struct catalog_segment segment;
        struct place found = { .line = 0 };
        uint64_t nth;
        int r;

        if (p->frame && p->frame == frame && p->stream == stream) {
                *ret = p->last;
                return 0;
        }
        r = catalog_frame_segment(c, stream, frame, &segment, &nth, e);
        if (r != 0)
                return r < 0 ? -1 : PLACES_NONE;
        take_segment(p, &segment);
        r = find_nth(p, nth, &found, e);
        if (r == 0 || r == PLACES_BAD)
                *ret = found;
        if (r == 0) {
                p->last = found;
                p->stream = stream;
                p->frame = frame;
        }
        return r;
}
