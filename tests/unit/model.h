/* An archive under test beside what it should hold: the plain text of each stream, and how much of
 * it was committed. Whatever was done to the archive, reading its ledger and its frames must give
 * that text, byte for byte. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "store/archive.h"
#include "scratch.h"
#include "tap.h"

#define MODEL_NOON ((usec_t)1795348800 * USEC_PER_SEC) /* 2026-11-22, about 12:00 */

struct model {
        char *dir;
        struct archive_config config;
        struct archive *a;
        usec_t now;
        struct spool *spool;
        struct buf text[STREAMS];
        size_t committed[STREAMS]; /* bytes of it */
        unsigned ids;              /* of completions made so far */
        unsigned cursor;
        char desc[CATALOG_ID_MAX]; /* of the last committed frames */
        struct buf told;           /* what the watch heard, a line each */
        struct err err;
};

/* ---- what a line of the test's own making says ---- */

struct model_line {
        char id[32];
        int64_t created;
        enum catalog_messages messages; /* CATALOG_WANTED: the line says nothing of them */
};

static inline struct model_line model_parse(enum stream stream, const char *p)
{
        struct model_line l = { .messages = CATALOG_WANTED };
        long long created = 0;
        char text[128];

        snprintf(text, sizeof(text), "%.127s", p);
        if (stream == STREAM_COMPLETIONS) {
                sscanf(text, "{\"id\":\"%31[^\"]\",\"created\":%lld", l.id, &created);
        } else if (stream == STREAM_MESSAGES) {
                sscanf(text, "{\"completion_id\":\"%31[^\"]\"", l.id);
                l.messages = CATALOG_ARCHIVED;
        } else {
                sscanf(text, "{\"type\":\"messages-none\",\"id\":\"%31[^\"]\"", l.id);
                l.messages = CATALOG_EMPTY;
        }
        l.created = created;
        return l;
}

/* The rows that a line makes; for the writer as for the index function. */
static inline int model_put_rows(struct catalog *c, enum stream stream, const char *p, size_t n,
                                 uint64_t walk, struct err *e)
{
        struct model_line l = model_parse(stream, p);
        uint8_t digest[SHA256_SIZE];
        struct catalog_record known;
        int64_t row;
        int r;

        if (stream != STREAM_COMPLETIONS)
                return catalog_set_messages(c, l.id, strlen(l.id), l.messages, e);
        sha256(p, n, digest);
        r = catalog_find(c, l.id, strlen(l.id), &known, e);
        if (r < 0)
                return -1;
        row = known.row;
        r = r == CATALOG_NONE ? catalog_add(c, l.id, strlen(l.id), l.created, digest, &row, e)
                              : catalog_change(c, row, l.created, digest, e);
        return r < 0 ? -1 : catalog_mark(c, row, walk, CATALOG_DESC, 0, e);
}

static inline int model_index(struct catalog *c, const struct frame_ref *frame, uint64_t walk,
                              usec_t time, struct unpack *u, struct err *e)
{
        struct buf text = BUF_INIT;
        char *line, *newline;
        const char *p;
        size_t n;
        int r;

        (void)time;
        while ((r = unpack_next(u, &p, &n, e)) == 0 && n > 0)
                buf_add(&text, p, n);
        for (line = text.p; r == 0 && line && *line; line = newline + 1) {
                newline = strchr(line, '\n');
                *newline = '\0';
                r = model_put_rows(c, frame->stream, line, (size_t)(newline - line), walk, e);
        }
        buf_done(&text);
        return r;
}

/* ---- doing ---- */

static inline void model_recovered(void *ctx, const char *what)
{
        struct model *m = ctx;

        buf_printf(&m->told, "recovered %s\n", what);
}

static inline void model_sealed(void *ctx, const char *path, uint64_t length)
{
        struct model *m = ctx;

        buf_printf(&m->told, "sealed %s %llu\n", path, (unsigned long long)length);
}

static inline int model_open(struct model *m)
{
        const struct archive_watch watch = {
                .recovered = model_recovered, .sealed = model_sealed, .ctx = m
        };
        int r;

        m->err = (struct err){ 0 };
        m->config.directory = m->dir;
        r = archive_open(&m->config, model_index, &watch, m->now, &m->a, &m->err);
        if (r == 0)
                m->spool = spool_new(archive_spool_place(m->a));
        return r;
}

static inline void model_forget(struct model *m)
{
        for (size_t i = 0; i < STREAMS; i++)
                m->text[i].n = m->committed[i];
}

static inline void model_close(struct model *m)
{
        m->spool = spool_free(m->spool);
        m->a = archive_close(m->a);
        model_forget(m);
}

/* The directory is not there yet. */
static inline struct model *model_new(enum packing packing)
{
        struct model *m = mem_new(sizeof(*m));

        m->dir = scratch_new();
        m->now = MODEL_NOON;
        m->config = (struct archive_config){ .packing = packing,
                                             .frame_size = 65536,
                                             .segment_size = 300000,
                                             .segment_age = USEC_PER_DAY,
                                             .base_url = "https://example.org/v1" };
        return m;
}

static inline void model_free(struct model *m)
{
        model_close(m);
        scratch_drop(m->dir);
        for (size_t i = 0; i < STREAMS; i++)
                buf_done(&m->text[i]);
        buf_done(&m->told);
        free(m);
}

/* The same expectations for another directory, which becomes the new model's own. */
static inline struct model *model_fork(const struct model *m, char *dir)
{
        struct model *f = mem_new(sizeof(*f));

        f->dir = dir;
        f->now = m->now;
        f->config = m->config;
        f->ids = m->ids;
        for (size_t i = 0; i < STREAMS; i++) {
                buf_add(&f->text[i], buf_str(&m->text[i]), m->committed[i]);
                f->committed[i] = m->committed[i];
        }
        return f;
}

/* A completion's number for a line of the stream: an earlier one, or a new one. Even ones have
 * messages, odd ones a line that says they have none. */
static inline unsigned model_pick_id(struct model *m, enum stream stream)
{
        struct catalog_record known;
        char id[32];

        if (stream == STREAM_COMPLETIONS)
                return m->ids && tap_below(8) == 0 ? tap_below(m->ids) : m->ids++;
        for (int tries = 0; m->ids && tries < 20; tries++) {
                unsigned k = tap_below(m->ids);

                if (tap_below(2) && m->ids > 8)
                        k = m->ids - 1 - tap_below(8); /* of this group, often */
                snprintf(id, sizeof(id), "chatcmpl-%u", k);
                if (k % 2 == (stream == STREAM_CHANGES) &&
                    catalog_find(archive_catalog(m->a), id, strlen(id), &known, NULL) == 0)
                        return k;
        }
        return 1u << 31; /* of one that is never there */
}

/* A line of about this size: half of it compresses. */
static inline void model_make_line(struct model *m, enum stream stream, size_t size, struct buf *b)
{
        unsigned id = model_pick_id(m, stream);

        if (stream == STREAM_COMPLETIONS)
                buf_printf(b, "{\"id\":\"chatcmpl-%u\",\"created\":%u", id, tap_below(1000));
        else if (stream == STREAM_MESSAGES)
                buf_printf(b, "{\"completion_id\":\"chatcmpl-%u\"", id);
        else
                buf_printf(b, "{\"type\":\"messages-none\",\"id\":\"chatcmpl-%u\"", id);
        buf_printf(b, ",\"noise\":\"%016llx\",\"text\":\"", (unsigned long long)tap_random());
        while (b->n + 2 < size)
                if (tap_below(2))
                        buf_puts(b, "the same words again and again, ");
                else
                        buf_printf(b, "%016llx", (unsigned long long)tap_random());
        buf_puts(b, "\"}");
}

/* Append one line; on failure it is undone, in the model too. */
static inline int model_append_line(struct model *m, enum stream stream, const struct buf *b)
{
        size_t piece = tap_below(4) ? b->n : 1 + tap_below(70000);
        int r = 0;

        spool_reset(m->spool);
        for (size_t at = 0; r == 0 && at < b->n; at += piece)
                r = spool_add(m->spool, b->p + at, b->n - at < piece ? b->n - at : piece, &m->err);
        if (r == 0)
                r = spool_end_line(m->spool, &m->err);
        if (r == 0)
                r = archive_append(m->a, stream, m->spool, "req_1", m->now, &m->err);
        if (r == 0)
                r = model_put_rows(archive_catalog(m->a), stream, b->p, b->n,
                                   archive_walk(m->a)->number, &m->err);
        spool_reset(m->spool);
        if (r != 0) {
                archive_undo(m->a);
                model_forget(m);
                return -1;
        }
        buf_add(&m->text[stream], b->p, b->n);
        buf_putc(&m->text[stream], '\n');
        return 0;
}

static inline int model_append(struct model *m, enum stream stream, size_t size)
{
        struct buf b = BUF_INIT;
        int r;

        model_make_line(m, stream, size, &b);
        r = model_append_line(m, stream, &b);
        buf_done(&b);
        return r;
}

/* archive_commit (type NULL) or archive_line. */
static inline int model_commit(struct model *m, const char *type, const char *members)
{
        bool frames = false;
        int r = type ? archive_line(m->a, m->now, type, members, &m->err)
                     : archive_commit(m->a, m->now, &m->err);

        for (size_t i = 0; i < STREAMS; i++)
                frames |= m->text[i].n > m->committed[i];
        if (r != 0) {
                model_forget(m);
                return r;
        }
        for (size_t i = 0; i < STREAMS; i++)
                m->committed[i] = m->text[i].n;
        if (frames)
                snprintf(m->desc, sizeof(m->desc), "%s", archive_walk(m->a)->desc);
        return 0;
}

/* ---- reading back ---- */

/* What reading the ledger and its frames gave; zeroed at first, it can be read on when the archive
 * grew. */
struct model_read {
        struct ledger_head head;
        struct buf text[STREAMS];
        struct name last[STREAMS]; /* the last segment of each stream */
        uint64_t end[STREAMS];     /* its frames' length */
        size_t seen[STREAMS];      /* bytes of text before it */
        char desc[CATALOG_ID_MAX]; /* of the last frame line */
        uint64_t lines, seals, recovers, begins;
        /* May be NULL: called for each segment with the length and text of its frames, the last
         * ones at the ledger's end (which then cannot be read on). */
        void (*segment)(void *ctx, const struct name *name, uint64_t length, const char *text,
                        size_t n);
        void *ctx;
};

static inline void model_end_segment(struct model_read *r, enum stream s)
{
        if (r->end[s] && r->segment)
                r->segment(r->ctx, &r->last[s], r->end[s], buf_str(&r->text[s]) + r->seen[s],
                           r->text[s].n - r->seen[s]);
        r->seen[s] = r->text[s].n;
        r->end[s] = 0;
}

static inline int model_open_segment(const char *dir, struct name name)
{
        char path[SCRATCH_PATH_MAX], below[NAME_MAX_BYTES];
        int fd = -1;

        for (int open_ = 1; fd < 0 && open_ >= 0; open_--) {
                name.open = open_;
                scratch_join(path, dir, name_path(&name, below));
                fd = open(path, O_RDONLY | O_CLOEXEC);
        }
        return fd;
}

static inline bool model_read_text(int fd, const struct frame_ref *f, enum packing packing,
                                   struct buf *out)
{
        size_t start = out->n, lines = 0;
        struct unpack *u;
        struct err e;
        const char *p;
        size_t n;
        int r;

        if (!CHECK(unpack_verify(fd, f->offset, f->length, f->sum, NULL, &e) == 0) ||
            !CHECK(unpack_open(fd, f->offset, f->length, packing, &u, &e) == 0))
                return false;
        while ((r = unpack_next(u, &p, &n, &e)) == 0 && n > 0)
                buf_add(out, p, n);
        unpack_free(u);
        for (size_t i = start; i < out->n; i++)
                lines += out->p[i] == '\n';
        return CHECK(r == 0) && CHECK(out->n - start == f->bytes) && CHECK(lines == f->records) &&
               CHECK(out->n > start && out->p[out->n - 1] == '\n');
}

static inline bool model_read_frame(struct model_read *r, const char *dir,
                                    const struct ledger_line *line)
{
        const struct json *l = &line->members;
        char path[NAME_MAX_BYTES], hex[SHA256_HEX_SIZE], stream[32];
        struct json cursors;
        struct frame_ref f;
        struct name name;
        enum stream s;
        bool ok;
        int fd;

        ok = CHECK(ledger_text(l, "segment", path, sizeof(path))) &&
             CHECK(ledger_text(l, "stream", stream, sizeof(stream))) &&
             CHECK(name_parse(path, strlen(path), &name) == 0 && !name.open) &&
             CHECK(strcmp(stream, stream_name(name.stream)) == 0) &&
             CHECK(ledger_uint(l, "offset", &f.offset) && ledger_uint(l, "length", &f.length)) &&
             CHECK(ledger_uint(l, "records", &f.records) && ledger_uint(l, "bytes", &f.bytes)) &&
             CHECK(ledger_text(l, "sha256", hex, sizeof(hex))) &&
             CHECK(sha256_unhex(hex, strlen(hex), f.sum) == 0) &&
             CHECK(json_member(l, "cursors", &cursors) && cursors.type == JSON_OBJECT);
        if (!ok)
                return false;
        r->desc[0] = '\0';
        ledger_text(&cursors, "desc", r->desc, sizeof(r->desc));
        s = name.stream;
        if (name.number != r->last[s].number) {
                model_end_segment(r, s);
                ok = CHECK(name.number > r->last[s].number);
                r->last[s] = name;
        }
        ok = ok && CHECK(f.offset == r->end[s]); /* no gap, nothing twice */
        r->end[s] = f.offset + f.length;
        fd = model_open_segment(dir, name);
        ok = ok && CHECK(fd >= 0) && model_read_text(fd, &f, name.packing, &r->text[s]);
        if (fd >= 0)
                close(fd);
        return ok;
}

/* Everything that the ledger says is there, up to its last whole group. */
static inline bool model_read(const char *dir, struct model_read *r)
{
        char path[SCRATCH_PATH_MAX];
        struct ledger_reader *reader;
        struct ledger_line line;
        const char *why;
        struct err e;
        bool ok = true;
        int fd, step;

        scratch_join(path, dir, LEDGER_FILE);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (r->head.seq == 0)
                r->head = LEDGER_START;
        reader = ledger_reader_new(fd, &r->head);
        while (ok && (step = ledger_next(reader, &line, &why, &e)) == LEDGER_LINE) {
                r->lines++;
                r->head = line.head;
                if (json_equals(&line.type, "frame"))
                        ok = model_read_frame(r, dir, &line);
                r->seals += json_equals(&line.type, "seal");
                r->recovers += json_equals(&line.type, "recover");
                r->begins += json_equals(&line.type, "begin");
        }
        ok = ok && CHECK(step == LEDGER_END);
        for (size_t i = 0; r->segment && i < STREAMS; i++)
                model_end_segment(r, (enum stream)i);
        ledger_reader_free(reader);
        close(fd);
        return ok;
}

static inline void model_read_done(struct model_read *r)
{
        for (size_t i = 0; i < STREAMS; i++)
                buf_done(&r->text[i]);
}

/* The archive on disk is exactly what was committed; read on behind what *r has already. */
static inline bool model_holds_on(struct model *m, struct model_read *r)
{
        size_t before[STREAMS];
        bool ok;

        for (size_t i = 0; i < STREAMS; i++)
                before[i] = r->text[i].n;
        ok = model_read(m->dir, r);
        for (size_t i = 0; i < STREAMS; i++)
                ok = ok && CHECK(r->text[i].n == m->committed[i]) &&
                     CHECK(memcmp(buf_str(&r->text[i]) + before[i],
                                  buf_str(&m->text[i]) + before[i], r->text[i].n - before[i]) == 0);
        return ok;
}

static inline bool model_holds(struct model *m)
{
        struct model_read r = { 0 };
        bool ok = model_holds_on(m, &r);

        model_read_done(&r);
        return ok;
}

struct model_row {
        uint64_t versions;
        int64_t created;
        uint8_t digest[SHA256_SIZE];
        enum catalog_messages messages;
};

/* What the committed lines of a stream make of the rows. */
static inline void model_expect_rows(const struct model *m, enum stream stream,
                                     struct model_row *rows)
{
        for (size_t at = 0; at < m->committed[stream];) {
                const char *p = m->text[stream].p + at;
                size_t n = (size_t)(strchr(p, '\n') - p);
                struct model_line l = model_parse(stream, p);
                size_t k = strtoul(l.id + strlen("chatcmpl-"), NULL, 10);

                at += n + 1;
                if (k >= m->ids)
                        continue;
                if (stream == STREAM_COMPLETIONS) {
                        rows[k].versions++;
                        rows[k].created = l.created;
                        sha256(p, n, rows[k].digest);
                } else {
                        rows[k].messages = l.messages;
                }
        }
}

/* The catalog has the rows that the committed text makes, and no others. */
static inline bool model_catalog_holds(struct model *m)
{
        struct model_row *rows = mem_new((m->ids + 1) * sizeof(*rows));
        struct catalog_counts counts;
        struct catalog_record got;
        uint64_t there = 0;
        bool ok = true;
        char id[32];
        int r;

        /* One transaction for all: else each question takes SQLite's locks. */
        ok = CHECK(catalog_begin(archive_catalog(m->a), &m->err) == 0);
        for (size_t i = 0; i < STREAMS; i++)
                model_expect_rows(m, (enum stream)i, rows);
        for (size_t i = 0; ok && i < m->ids; i++) {
                snprintf(id, sizeof(id), "chatcmpl-%zu", i);
                r = catalog_find(archive_catalog(m->a), id, strlen(id), &got, &m->err);
                ok = CHECK(r == (rows[i].versions ? 0 : CATALOG_NONE));
                there += rows[i].versions != 0;
                if (ok && r == 0)
                        ok = CHECK(got.versions == rows[i].versions) &&
                             CHECK(got.created == rows[i].created) &&
                             CHECK(got.messages == rows[i].messages) &&
                             CHECK(memcmp(got.digest, rows[i].digest, SHA256_SIZE) == 0);
        }
        free(rows);
        return ok && CHECK(catalog_counts(archive_catalog(m->a), &counts, &m->err) == 0) &&
               CHECK(counts.completions == there);
}
