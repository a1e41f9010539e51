#include "store/archive_core.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int damaged(struct err *e, const struct ledger_line *line, const char *why)
{
        return err_set(e, ERR_DAMAGE, LEDGER_FILE ": the line at offset %llu is damaged: %s",
                       (unsigned long long)line->offset, why);
}

bool replay_frame(const struct ledger_line *line, struct frame_ref *ret, struct name *ret_name)
{
        enum { SEGMENT, OFFSET, LENGTH, SUM, RECORDS, BYTES, MEMBERS };
        static const char *const keys[MEMBERS] = { "segment", "offset",  "length",
                                                   "sha256",  "records", "bytes" };
        char hex[SHA256_HEX_SIZE];
        struct json v[MEMBERS];

        json_members(&line->members, keys, MEMBERS, v);
        if (!ledger_text_of(&v[SEGMENT], ret->segment, sizeof(ret->segment)) ||
            name_parse(ret->segment, strlen(ret->segment), ret_name) < 0 || ret_name->open)
                return false;
        ret->stream = ret_name->stream;
        return ledger_uint_of(&v[OFFSET], &ret->offset) &&
               ledger_uint_of(&v[LENGTH], &ret->length) && ret->length > 0 &&
               ret->offset + ret->length <= INT64_MAX &&
               ledger_uint_of(&v[RECORDS], &ret->records) &&
               ledger_uint_of(&v[BYTES], &ret->bytes) &&
               ledger_text_of(&v[SUM], hex, sizeof(hex)) &&
               sha256_unhex(hex, strlen(hex), ret->sum) == 0;
}

/* The walk's row, or a new one for a walk of which this is the first that is heard. */
static int walk_row(struct catalog *c, uint64_t number, struct catalog_walk *w, struct err *e)
{
        int r = catalog_get_walk(c, number, w, e);

        if (r == CATALOG_NONE)
                *w = (struct catalog_walk){ .number = number };
        return r < 0 ? -1 : 0;
}

static int replay_frame_line(struct archive *a, const struct ledger_line *line,
                             archive_index_fn index, struct err *e);

static int64_t seconds(const struct json *members, const char *key)
{
        struct json v;
        int64_t n;

        return json_member(members, key, &v) && json_int64(&v, &n) == 0 ? n : 0;
}

static usec_t moment(const struct json *members, const char *key)
{
        char text[CLOCK_TEXT_MAX];
        usec_t t;

        return ledger_text(members, key, text, sizeof(text)) && clock_parse(text, &t) == 0 ? t : 0;
}

/* What begin and walk lines have in common. */
static void read_walk(const struct ledger_line *line, struct catalog_walk *w)
{
        char text[SHA256_HEX_SIZE];

        w->full = ledger_text(&line->members, "kind", text, sizeof(text)) &&
                  strcmp(text, "full") == 0;
        w->started = moment(&line->members, "started");
        w->watermark = seconds(&line->members, "watermark");
        if (ledger_text(&line->members, "scope", text, sizeof(text)))
                sha256_unhex(text, strlen(text), w->scope);
}

static int read_gaps(struct archive *a, const struct ledger_line *line, struct catalog_walk *w,
                     struct err *e)
{
        _cleanup_free_ char *list = NULL;
        struct json gaps, gap;
        size_t at = 0;

        w->gaps = 0;
        if (!json_member(&line->members, "gaps", &gaps) || gaps.type != JSON_ARRAY)
                return 0;
        while (json_next(&gaps, &at, NULL, &gap))
                w->gaps++;
        list = mem_strndup(gaps.p, gaps.n);
        return catalog_set_gaps(a->catalog, w->number, list, e);
}

static int replay_walk_line(struct archive *a, const struct ledger_line *line, bool ended,
                            struct err *e)
{
        struct catalog_walk w;
        uint64_t number;
        char state[16];

        if (!ledger_uint(&line->members, "walk", &number))
                return damaged(e, line, "it names no walk");
        if (walk_row(a->catalog, number, &w, e) < 0)
                return -1;
        read_walk(line, &w);
        if (read_gaps(a, line, &w, e) < 0)
                return -1;
        if (!ended) { /* it may be one that failed, taken up again under its number */
                w.state = CATALOG_RUNNING;
                w.ended = 0;
                w.gaps = 0;
                w.reason[0] = w.detail[0] = '\0';
                return catalog_put_walk(a->catalog, &w, e);
        }
        w.ended = line->time;
        w.state = CATALOG_FAILED;
        if (ledger_text(&line->members, "state", state, sizeof(state)) &&
            strcmp(state, "complete") == 0)
                w.state = CATALOG_COMPLETE;
        if (!ledger_text(&line->members, "reason", w.reason, sizeof(w.reason)))
                w.reason[0] = '\0';
        if (!ledger_text(&line->members, "detail", w.detail, sizeof(w.detail)))
                w.detail[0] = '\0';
        ledger_uint(&line->members, "pages", &w.pages);
        ledger_uint(&line->members, "seen", &w.seen);
        ledger_uint(&line->members, "new", &w.new);
        ledger_uint(&line->members, "changed", &w.changed);
        ledger_uint(&line->members, "gone", &w.gone);
        w.newest = seconds(&line->members, "newest");
        w.oldest = seconds(&line->members, "oldest");
        return catalog_put_walk(a->catalog, &w, e);
}

static int replay_seal_line(struct archive *a, const struct ledger_line *line, struct err *e)
{
        char path[NAME_MAX_BYTES];
        struct catalog_segment g;
        struct name name;
        int r;

        if (!ledger_text(&line->members, "segment", path, sizeof(path)) ||
            name_parse(path, strlen(path), &name) < 0)
                return damaged(e, line, "it names no segment");
        r = catalog_get_segment(a->catalog, name.stream, name.number, &g, e);
        if (r < 0)
                return -1;
        if (r == CATALOG_NONE)
                return damaged(e, line, "it seals a segment that has no frames");
        g.name.open = false;
        return catalog_put_segment(a->catalog, &g, e);
}

static int replay_line(struct archive *a, const struct ledger_line *line, archive_index_fn index,
                       struct err *e)
{
        if (json_equals(&line->type, "frame"))
                return replay_frame_line(a, line, index, e);
        if (json_equals(&line->type, "walk"))
                return replay_walk_line(a, line, true, e);
        if (json_equals(&line->type, "begin"))
                return replay_walk_line(a, line, false, e);
        if (json_equals(&line->type, "seal"))
                return replay_seal_line(a, line, e);
        if (json_equals(&line->type, "open") || json_equals(&line->type, "source"))
                return source_replay(a, line, e);
        return 0;
}

struct indexing {
        struct archive *archive;
        archive_index_fn index;
        const struct frame_ref *frame;
        uint64_t walk;
        usec_t time;
};

static int index_text(void *ctx, struct unpack *text, struct err *e)
{
        struct indexing *x = ctx;

        return x->index(x->archive->catalog, x->frame, x->walk, x->time, text, e);
}

static int replay_frame_line(struct archive *a, const struct ledger_line *line,
                             archive_index_fn index, struct err *e)
{
        struct catalog_segment g;
        struct catalog_walk w;
        struct frame_ref ref;
        struct json cursors;
        struct name name;
        uint64_t walk = 0;
        int r;

        if (!replay_frame(line, &ref, &name))
                return damaged(e, line, "it is no frame");
        r = catalog_get_segment(a->catalog, name.stream, name.number, &g, e);
        if (r < 0)
                return -1;
        if (r == CATALOG_NONE) {
                name.open = true;
                g = (struct catalog_segment){ .name = name,
                                              .first = line->time,
                                              .ledger = line->offset,
                                              .seq = line->head.seq - 1 };
        }
        if (ref.offset != g.length || !g.name.open)
                return damaged(e, line, "its frame does not follow the one before");
        g.length += ref.length;
        g.frames++;
        if (catalog_put_segment(a->catalog, &g, e) < 0)
                return -1;

        ledger_uint(&line->members, "walk", &walk);
        if (walk && json_member(&line->members, "cursors", &cursors)) {
                if (walk_row(a->catalog, walk, &w, e) < 0)
                        return -1;
                if (!ledger_text(&cursors, "desc", w.desc, sizeof(w.desc)))
                        w.desc[0] = '\0';
                if (!ledger_text(&cursors, "asc", w.asc, sizeof(w.asc)))
                        w.asc[0] = '\0';
                if (catalog_put_walk(a->catalog, &w, e) < 0)
                        return -1;
        }
        a->counted[ref.stream]++;
        catalog_set_frame(a->catalog, ref.stream, a->counted[ref.stream]);
        return archive_read(a, &ref, index_text,
                            &(struct indexing){ a, index, &ref, walk, line->time }, e);
}

/* Every line between two heads, which the chain's check has seen good. */
int replay_catch_up(struct archive *a, const struct ledger_head *from, const struct ledger_head *to,
                    archive_index_fn index, struct err *e)
{
        struct ledger_reader *r = ledger_reader_new(ledger_fd(a->ledger), from);
        struct ledger_line line;
        const char *why;
        int result = 0;

        line.head = *from;
        while (result == 0 && line.head.seq < to->seq) {
                int step = ledger_next(r, &line, &why, e);

                work_lines(&a->work, 1);
                if (step < 0)
                        result = -1;
                else if (step != LEDGER_LINE)
                        result = err_set(e, ERR_DAMAGE, LEDGER_FILE " changed while it was read");
                else
                        result = replay_line(a, &line, index, e);
        }
        ledger_reader_free(r);
        return result;
}

int replay_segment(struct archive *a, const struct catalog_segment *segment,
                   int (*fn)(void *ctx, const struct frame_ref *frame, struct err *e), void *ctx,
                   struct err *e)
{
        struct ledger_head from = { .seq = segment->seq, .offset = segment->ledger };
        struct ledger_reader *r = ledger_reader_new(ledger_fd(a->ledger), &from);
        struct ledger_line line;
        struct frame_ref ref;
        struct name name;
        const char *why;
        uint64_t left = segment->frames;
        int result = 0;

        while (result == 0 && left > 0) {
                int step = ledger_next(r, &line, &why, e);

                work_lines(&a->work, 1);
                if (step < 0)
                        result = -1;
                else if (step != LEDGER_LINE)
                        result = err_set(e, ERR_DAMAGE, LEDGER_FILE " lacks frames of a segment");
                else if (json_equals(&line.type, "frame") && replay_frame(&line, &ref, &name) &&
                         name.stream == segment->name.stream &&
                         name.number == segment->name.number) {
                        left--;
                        result = fn(ctx, &ref, e);
                }
        }
        ledger_reader_free(r);
        return result;
}
