/* Records as a server has them, and what an archive should have of each after they came through its
 * intake: a model of when another form is another version. */
#pragma once

#include "tap.h"
#include "scratch.h"
#include "value-random.h"

#include "store/archive.h"
#include "walk/index.h"
#include "walk/intake.h"

#include <fcntl.h>

#define RECORDS 60

/* A record as the server has it, and what the archive should have of it. */
struct twin {
        struct value *value;
        struct buf canon; /* of the value */
        struct buf text;  /* the archived version */
        struct buf archived_canon;
        uint64_t versions;
        bool pending; /* archived since the last commit */
        bool formed;  /* by value, so that it is known without being read back */
};

struct bench {
        char *dir;
        struct archive_config config;
        struct archive *archive;
        struct intake *intakes[2];
        struct intake_tally tally; /* the intakes' */
        struct intake_tally mine;
        bool remembered; /* by the catalog: it was unstable */
        struct twin twins[RECORDS];
        bool shuffles; /* the server */
        unsigned fresh, changed;
        struct err err;
};

static inline usec_t noon(void *ctx)
{
        (void)ctx;
        return (usec_t)1795348800 * USEC_PER_SEC;
}

static const struct clock test_clock = { .wall = noon, .boot = noon };

static inline void each(void *ctx, const struct intake_record *record)
{
        struct bench *b = ctx;

        b->fresh += record->fresh;
}

static inline void start(struct bench *b)
{
        struct catalog_walk walk = { .number = 1 };

        CHECK(archive_open(&b->config, index_frame, NULL, noon(NULL), &b->archive, &b->err) == 0);
        archive_set_walk(b->archive, &walk);
        for (int i = 0; i < 2; i++) {
                b->intakes[i] = intake_new(b->archive, &test_clock, each, b);
                intake_set_tally(b->intakes[i], &b->tally);
        }
}

static inline void stop(struct bench *b)
{
        for (int i = 0; i < 2; i++)
                b->intakes[i] = intake_free(b->intakes[i]);
        b->archive = archive_close(b->archive);
}

static inline struct bench *bench_new(void)
{
        struct bench *b = mem_new(sizeof(*b));

        value_tight = true;
        b->dir = scratch_new();
        b->config = (struct archive_config){ .directory = b->dir,
                                             .packing = PACKING_ZSTD,
                                             .frame_size = 1 << 30,
                                             .segment_size = 100000,
                                             .segment_age = USEC_PER_DAY,
                                             .base_url = "https://example.org/v1" };
        start(b);
        return b;
}

static inline void bench_free(struct bench *b)
{
        stop(b);
        for (size_t i = 0; i < RECORDS; i++) {
                value_free(b->twins[i].value);
                buf_done(&b->twins[i].canon);
                buf_done(&b->twins[i].text);
                buf_done(&b->twins[i].archived_canon);
        }
        scratch_drop(b->dir);
        free(b);
}

static inline void put_text(struct value *v, const char *key, const char *text,
                            enum value_type type)
{
        struct value *k = value_string(0), *child = type == V_STRING ? value_string(0) : NULL;

        for (const char *p = key; *p; p++)
                value_put_point(k, (unsigned char)*p);
        if (!child) {
                child = mem_new(sizeof(*child));
                child->type = type;
                child->text = text;
        }
        for (const char *p = text; type == V_STRING && *p; p++)
                value_put_point(child, (unsigned char)*p);
        value_put(v, k, child);
}

static inline void set_canon(struct twin *t)
{
        buf_clear(&t->canon);
        value_canon(t->value, &t->canon);
}

static inline void make(struct bench *b)
{
        char id[32];

        for (unsigned i = 0; i < RECORDS; i++) {
                struct twin *t = &b->twins[i];

                t->value = mem_new(sizeof(*t->value));
                t->value->type = V_OBJECT;
                snprintf(id, sizeof(id), "chatcmpl-%u", i);
                put_text(t->value, "id", id, V_STRING);
                put_text(t->value, "created", "1758039177", V_NUMBER);
                for (unsigned k = 0; k < 12; k++) /* 14! orders: never the same twice */
                        value_put(t->value, value_string(3), value_random(3));
                set_canon(t);
        }
}

/* Something of the record that is neither its id nor when it was created. */
static inline void edit(struct bench *b, unsigned i)
{
        value_mutate(b->twins[i].value->children[2 + tap_below(12)]);
        set_canon(&b->twins[i]);
}

static inline bool equal(const struct buf *a, const struct buf *b)
{
        return a->n == b->n && memcmp(buf_str(a), buf_str(b), a->n) == 0;
}

static inline void assign(struct buf *to, const struct buf *from)
{
        buf_clear(to);
        buf_add(to, buf_str(from), from->n);
}

static inline void judge(struct bench *b)
{
        bool most = 2 * b->mine.differ > b->mine.reread;

        if (b->mine.reread < 20)
                return;
        if (most)
                b->mine.unstable = true;
        else if (b->mine.inherited)
                b->mine.unstable = b->mine.inherited = false;
        if (b->mine.remembered != most) /* or the catalog that was rebuilt knows nothing */
                b->remembered = most;
        b->mine.remembered = most;
}

/* Does it make a version? `by_value`: the walk was known to be unstable when the record began. */
static inline bool expect(struct bench *b, struct twin *t, const struct buf *text, bool by_value)
{
        bool differs = !equal(text, &t->text), version = differs, before = b->mine.unstable;

        if (t->versions > 0) {
                if (differs && by_value && (t->formed || !t->pending)) {
                        t->formed = true;
                        version = !equal(&t->canon, &t->archived_canon);
                }
                b->mine.reread++;
                b->mine.differ += differs;
                judge(b);
                b->changed += version;
        }
        if (version) {
                assign(&t->text, text);
                assign(&t->archived_canon, &t->canon);
                t->versions++;
                t->pending = true;
                t->formed = by_value;
        }
        for (size_t i = 0; !before && b->mine.unstable && i < RECORDS; i++)
                b->twins[i].pending = false; /* it commits when it is found out */
        return version;
}

static inline bool archived(struct bench *b, unsigned i)
{
        const struct twin *t = &b->twins[i];
        struct catalog_record known;
        uint8_t digest[SHA256_SIZE];
        char id[32];

        snprintf(id, sizeof(id), "chatcmpl-%u", i);
        sha256(t->text.p, t->text.n, digest);
        return CHECK(catalog_find(archive_catalog(b->archive), id, strlen(id), &known, &b->err) ==
                     0) &&
               CHECK(known.versions == t->versions) &&
               CHECK(memcmp(known.digest, digest, sizeof(digest)) == 0);
}

static inline void render(struct bench *b, unsigned i, struct buf *out)
{
        struct twin *t = &b->twins[i];

        if (!b->shuffles && t->versions > 0 && equal(&t->canon, &t->archived_canon))
                buf_add(out, t->text.p, t->text.n); /* as it was sent before */
        else
                value_text(t->value, out);
}

static inline void feed(struct bench *b, struct page_sink *sink, const char *p, size_t n)
{
        size_t piece = 1 + tap_below(200);

        for (size_t at = 0; at < n; at += piece)
                CHECK(sink->bytes(sink->ctx, p + at, n - at < piece ? n - at : piece, &b->err) ==
                      0);
}

static inline void end(struct bench *b, struct page_sink *sink, unsigned i)
{
        char id[32];
        const struct page_record record = { id, (size_t)snprintf(id, sizeof(id), "chatcmpl-%u", i),
                                            1758039177 };

        CHECK(sink->end(sink->ctx, &record, &b->err) == 0);
}

static inline bool send_one(struct bench *b, unsigned i)
{
        struct page_sink sink = intake_sink(b->intakes[tap_below(2)]);
        bool by_value = b->mine.unstable, version;
        unsigned before = b->fresh;
        struct buf text = BUF_INIT;

        render(b, i, &text);
        CHECK(sink.begin(sink.ctx, &b->err) == 0);
        feed(b, &sink, text.p, text.n);
        end(b, &sink, i);
        version = expect(b, &b->twins[i], &text, by_value);
        buf_done(&text);
        return CHECK((b->fresh > before) == version) &&
               CHECK(intake_is_unstable(b->intakes[0]) == b->mine.unstable) &&
               CHECK(intake_found_unstable(b->intakes[1]) ==
                     (b->mine.unstable && !b->mine.inherited)) &&
               archived(b, i);
}

static inline void commit(struct bench *b)
{
        CHECK(archive_commit(b->archive, noon(NULL), &b->err) == 0);
        CHECK(archive_seal(b->archive, noon(NULL), tap_below(4) == 0, &b->err) == 0);
        for (size_t i = 0; i < RECORDS; i++)
                b->twins[i].pending = false;
}

static inline void begin_walk(struct bench *b)
{
        b->tally = b->mine = (struct intake_tally){ 0 };
        b->mine.unstable = b->mine.inherited = b->mine.remembered = b->remembered;
}
