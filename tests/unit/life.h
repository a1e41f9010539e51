/* A life of an archive among calls that fail, as its owner lives it: what failed is done again, what
 * is stale is opened again. Behind it, what was acknowledged must be there exactly once. */
#pragma once

#include "faults.h"
#include "story.h"

#define UNITS 7

/* A completion and what belongs to it: always in one group, so there or not there together. */
struct unit {
        struct buf completion, other;
        enum stream stream; /* of the other */
};

static struct unit units[UNITS];

struct life {
        bool acknowledged[UNITS];
        bool reported; /* an error came back */
};

static struct life *life; /* shared with the processes that are killed */

static inline void make_units(void)
{
        static const size_t sizes[UNITS] = { 200, 3000, 200, SPOOL_MEMORY + 5000, 70000, 300, 400 };

        for (unsigned i = 0; i < UNITS; i++) {
                struct unit *u = &units[i];

                u->stream = i % 2 ? STREAM_CHANGES : STREAM_MESSAGES;
                buf_printf(&u->completion, "{\"id\":\"chatcmpl-%u\",\"created\":%u,\"x\":\"", i, i);
                while (u->completion.n < sizes[i])
                        buf_printf(&u->completion, "%016llx", (unsigned long long)tap_random());
                buf_puts(&u->completion, "\"}");
                buf_printf(&u->other,
                           u->stream == STREAM_MESSAGES
                                   ? "{\"completion_id\":\"chatcmpl-%u\"}"
                                   : "{\"type\":\"messages-none\",\"id\":\"chatcmpl-%u\"}",
                           i);
        }
}

static inline void drop_units(void)
{
        for (size_t i = 0; i < UNITS; i++) {
                buf_done(&units[i].completion);
                buf_done(&units[i].other);
        }
}

static inline int put(struct model *m, enum stream stream, const struct buf *b)
{
        int r;

        spool_reset(m->spool);
        r = spool_add(m->spool, b->p, b->n, &m->err);
        if (r == 0)
                r = spool_end_line(m->spool, &m->err);
        if (r == 0)
                r = archive_append(m->a, stream, m->spool, "req", m->now, &m->err);
        spool_reset(m->spool);
        if (r == 0)
                r = model_put_rows(archive_catalog(m->a), stream, b->p, b->n, 1, &m->err);
        return r;
}

/* As the walk does it: what the catalog knows is not appended again. */
static inline int put_unit(struct model *m, const struct unit *u)
{
        struct model_line l = model_parse(STREAM_COMPLETIONS, u->completion.p);
        struct catalog_record known;
        int r = catalog_find(archive_catalog(m->a), l.id, strlen(l.id), &known, &m->err);

        if (r == 0)
                return 0;
        if (r < 0 || put(m, STREAM_COMPLETIONS, &u->completion) < 0 ||
            put(m, u->stream, &u->other) < 0) {
                archive_undo(m->a);
                return -1;
        }
        return 0;
}

/* An error must say what it is. */
static inline int told(struct model *m, int r)
{
        if (r == 0)
                return 0;
        if (r > 0 || m->err.kind == ERR_NONE || !*m->err.text)
                faults_broken("a failure came without its error");
        if (m->err.kind == ERR_DAMAGE || m->err.kind == ERR_BUG)
                faults_broken("a failing call was taken for damage");
        life->reported = true;
        m->err = (struct err){ 0 };
        return -1;
}

/* Everything from the first unit that was not acknowledged; 0 if all were. */
static inline int go_on(struct model *m)
{
        bool seal = false;

        for (size_t i = 0, from = 0; i < UNITS; i++) {
                bool last = i + 1 == UNITS;

                if (!life->acknowledged[i] && told(m, put_unit(m, &units[i])) < 0)
                        return -1;
                if (i % 2 == 0 && !last)
                        continue;
                m->now += USEC_PER_MIN;
                if (told(m, last ? archive_line(m->a, m->now, "note", "", &m->err)
                                 : archive_commit(m->a, m->now, &m->err)) < 0)
                        return -1;
                for (; from <= i; from++)
                        life->acknowledged[from] = true;
                seal = i % 3 == 0 || last;
                if (seal && told(m, archive_seal(m->a, m->now, last, &m->err)) < 0)
                        return -1;
        }
        return 0;
}

/* A life that goes on after failures as long as that has a point, and closes in good order. */
static inline void live(struct model *m, int tries)
{
        if (told(m, model_open(m)) < 0)
                return;
        while (go_on(m) < 0) {
                archive_undo(m->a); /* as a walk does that failed, whatever the reason */
                if (tries-- == 0)
                        break;
                if (!archive_is_stale(m->a))
                        continue;
                model_close(m);
                faults_new_run();
                if (told(m, model_open(m)) < 0)
                        return;
        }
        model_close(m);
}

static inline struct model *new_model(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        m->config.segment_size = 100000;
        return m;
}

/* ---- what must be there ---- */

static inline unsigned count(const struct buf *text, const struct buf *line)
{
        unsigned n = 0;
        const char *p = buf_str(text);

        while ((p = strstr(p, line->p))) {
                n++;
                p += line->n;
        }
        return n;
}

/* Every unit is there exactly once, and nothing else. The catalog knows the same. */
static inline bool there(struct model *m)
{
        struct model_read r = { 0 };
        bool ok = model_read(m->dir, &r);
        struct catalog_record known;
        size_t bytes = 0, want = 0;

        for (size_t i = 0; ok && i < UNITS; i++) {
                struct model_line l = model_parse(STREAM_COMPLETIONS, units[i].completion.p);
                unsigned n = count(&r.text[STREAM_COMPLETIONS], &units[i].completion);
                unsigned k = count(&r.text[units[i].stream], &units[i].other);
                int found = catalog_find(archive_catalog(m->a), l.id, strlen(l.id), &known,
                                         &m->err);

                ok = CHECK(n == 1 && k == 1) && CHECK(found == 0) &&
                     CHECK(known.messages ==
                           (units[i].stream == STREAM_MESSAGES ? CATALOG_ARCHIVED : CATALOG_EMPTY));
                want += units[i].completion.n + units[i].other.n + 2;
        }
        for (size_t i = 0; i < STREAMS; i++)
                bytes += r.text[i].n;
        ok = ok && CHECK(bytes == want);
        model_read_done(&r);
        return ok;
}

/* After the life with a fault, one without: everything comes right. */
static inline bool heals(struct model *m)
{
        bool ok;

        faults_arm(0, FAULT_NONE);
        /* What was acknowledged is not put again, so it has to be there. */
        ok = CHECK(model_open(m) == 0) && CHECK(go_on(m) == 0) && CHECK(there(m));
        if (!ok)
                printf("# %s\n", m->err.text);
        model_close(m);
        if (ok && tap_below(8) == 0) { /* and so does the catalog made anew */
                scratch_delete(m->dir, CATALOG_FILE);
                ok = CHECK(model_open(m) == 0) && CHECK(there(m));
                model_close(m);
        }
        ok = CHECK(faults.broken == NULL) && ok;
        faults.armed = false;
        return ok;
}
