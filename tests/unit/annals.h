/* A random life of an archive as the daemon leads it: completions that come, change, vanish and come
 * back, prompts, pages that are taken back, commits that fail; and what each completion's history
 * is, by the test's own account. */
#pragma once

#include "kept.h"
#include "tap.h"

#include "walk/tombstone.h"

#define ANNALS_IDS      30
#define ANNALS_VERSIONS 24
#define ANNALS_EVENTS   40

struct annals_item {
        int n, serials[ANNALS_VERSIONS]; /* of its versions; n 0: it is not there */
        int prompt;                      /* serial; 0: none */
        enum catalog_messages messages;
        bool gone;
        int n_events;
        struct annals_event {
                char type;  /* of changed, gone, returned */
                int serial; /* of changed */
        } events[ANNALS_EVENTS];
};

struct annals {
        struct kept k;
        struct annals_item now[ANNALS_IDS], committed[ANNALS_IDS];
        int serial;
        unsigned backs, undone;
};

static inline const char *annals_id(size_t i, char out[static 64])
{
        snprintf(out, 64, i % 7 == 3 ? "an \\ odd \" \xc3\xa9 id %zu" : "chatcmpl-%zu", i);
        return out;
}

/* Each serial has a text of its own; some have their id in a place or a spelling that is not the
 * usual one, and other ids before it. */
static inline void annals_completion(size_t i, int serial, struct buf *b)
{
        char id[64];

        annals_id(i, id);
        switch (serial % 6) {
        case 0:
                buf_printf(b, "{\"created\":%d,\"object\":\"x,\\\"id\\\":\",\"id\":", serial % 50);
                buf_json_str(b, id);
                break;
        case 1:
                buf_printf(b, "{\"choices\":[{\"id\":\"chatcmpl-1\",\"n\":{}}],\"\\u0069d\":");
                buf_json_str(b, id);
                buf_printf(b, ",\"created\":%d", serial % 50);
                break;
        case 2:
                buf_puts(b, "{\"id\":\"");
                for (const char *p = id; *p; p++)
                        if (*p > ' ' && *p != '"' && *p != '\\')
                                buf_printf(b, *p == 'c' ? "\\u0063" : "%c", *p);
                        else if (*p < 0)
                                buf_putc(b, *p);
                        else
                                buf_printf(b, "\\u%04x", *p);
                buf_printf(b, "\",\"created\":%d", serial % 50);
                break;
        default:
                buf_puts(b, "{\"id\":");
                buf_json_str(b, id);
                buf_printf(b, ",\"created\":%d", serial % 50);
        }
        buf_printf(b, ",\"serial\":%d,\"pad\":\"", serial);
        for (int n = serial % 41 == 7 ? 40000 : serial % 100; n > 0; n--)
                buf_puts(b, "0123456\\\"");
        buf_puts(b, "\"}");
}

static inline int annals_messages(int serial)
{
        return 1 + serial % 3;
}

static inline void annals_message(size_t i, int serial, int nth, struct buf *b)
{
        char id[64];

        buf_puts(b, "{\"completion_id\":");
        buf_json_str(b, annals_id(i, id));
        buf_printf(b, ",\"id\":\"m-%d-%d\",\"completion_id\":\"another\"}", serial, nth);
}

static inline void annals_changed(size_t i, int serial, struct buf *b)
{
        char id[64];

        buf_puts(b, "{\"type\":\"changed\",\"id\":");
        buf_json_str(b, annals_id(i, id));
        buf_printf(b, ",\"serial\":%d}", serial);
}

/* ---- doing ---- */

static inline void annals_must(int r, const struct err *e)
{
        if (!CHECK(r == 0))
                printf("# %s\n", e->text);
}

static inline void annals_put_event(struct annals_item *t, char type, int serial)
{
        t->events[t->n_events++] = (struct annals_event){ type, serial };
}

static inline void annals_version(struct annals *a, size_t i)
{
        struct catalog *c = archive_catalog(a->k.archive);
        struct annals_item *t = &a->now[i];
        struct buf b = BUF_INIT, change = BUF_INIT;
        struct catalog_record known;
        uint8_t digest[SHA256_SIZE];
        int serial = ++a->serial;
        struct err e;
        int64_t row;
        char id[64];

        if (t->n == ANNALS_VERSIONS || t->n_events + 2 >= ANNALS_EVENTS)
                return;
        annals_id(i, id);
        annals_completion(i, serial, &b);
        sha256(b.p, b.n, digest);
        kept_line(&a->k, STREAM_COMPLETIONS, b.p);
        if (t->n == 0) {
                annals_must(catalog_add(c, id, strlen(id), serial % 50, digest, &row, &e), &e);
        } else {
                annals_must(catalog_find(c, id, strlen(id), &known, &e), &e);
                annals_must(catalog_change(c, known.row, serial % 50, digest, &e), &e);
                annals_changed(i, serial, &change);
                kept_line(&a->k, STREAM_CHANGES, change.p);
                annals_must(catalog_put_event(c, known.row, &e), &e);
                annals_put_event(t, 'c', serial);
        }
        t->serials[t->n++] = serial;
        buf_done(&b);
        buf_done(&change);
}

static inline void annals_vanish(struct annals *a, size_t i)
{
        struct spool *spool = spool_new(archive_spool_place(a->k.archive));
        struct annals_item *t = &a->now[i];
        struct catalog_record known;
        struct err e;
        char id[64];

        annals_id(i, id);
        if (t->n && t->n_events + 2 < ANNALS_EVENTS) {
                annals_must(catalog_find(archive_catalog(a->k.archive), id, strlen(id), &known, &e),
                            &e);
                CHECK(known.gone == t->gone);
                annals_must((t->gone ? tombstone_lift : tombstone_put)(
                                    a->k.archive, spool, id, strlen(id), &known, "", a->k.now, &e),
                            &e);
                annals_put_event(t, t->gone ? 'r' : 'g', 0);
                t->gone = !t->gone;
        }
        spool_free(spool);
}

static inline void annals_prompt(struct annals *a, size_t i)
{
        struct spool *spool = spool_new(archive_spool_place(a->k.archive));
        struct annals_item *t = &a->now[i];
        int serial = ++a->serial;
        struct err e;
        char id[64];

        annals_id(i, id);
        if (t->n && t->messages == CATALOG_WANTED) {
                t->messages = (enum catalog_messages)(1 + tap_below(3));
                for (int k = 0; t->messages == CATALOG_ARCHIVED && k < annals_messages(serial);
                     k++) {
                        struct buf b = BUF_INIT;

                        annals_message(i, serial, k, &b);
                        annals_must(spool_add(spool, b.p, b.n, &e), &e);
                        annals_must(spool_end_line(spool, &e), &e);
                        buf_done(&b);
                }
                if (t->messages == CATALOG_ARCHIVED) {
                        t->prompt = serial;
                        annals_must(archive_append(a->k.archive, STREAM_MESSAGES, spool, "",
                                                   a->k.now, &e),
                                    &e);
                } else {
                        struct buf b = BUF_INIT;

                        buf_printf(&b, "{\"type\":\"messages-%s\",\"id\":",
                                   t->messages == CATALOG_EMPTY ? "none" : "missing");
                        buf_json_str(&b, id);
                        buf_puts(&b, "}");
                        kept_line(&a->k, STREAM_CHANGES, b.p);
                        buf_done(&b);
                }
                annals_must(catalog_set_messages(archive_catalog(a->k.archive), id, strlen(id),
                                                 t->messages, &e),
                            &e);
        }
        spool_free(spool);
}

static inline void annals_do(struct annals *a)
{
        size_t i = tap_below(ANNALS_IDS);

        switch (tap_below(6)) {
        case 0:
                annals_vanish(a, i);
                break;
        case 1:
                annals_prompt(a, i);
                break;
        default:
                annals_version(a, i);
        }
}

static inline void annals_forget(struct annals *a)
{
        memcpy(a->now, a->committed, sizeof(a->now));
}

static inline void annals_commit(struct annals *a)
{
        kept_commit(&a->k);
        memcpy(a->committed, a->now, sizeof(a->now));
}

/* A page, and the way back from it. */
static inline void annals_back(struct annals *a)
{
        struct annals_item before[ANNALS_IDS];
        uint64_t commits = archive_tally(a->k.archive)->commits;
        struct err e;

        annals_must(archive_mark(a->k.archive, a->k.now, &e), &e);
        memcpy(before, a->now, sizeof(before));
        for (unsigned n = tap_below(12); n > 0; n--)
                annals_do(a);
        CHECK(archive_tally(a->k.archive)->commits == commits);
        if (archive_back(a->k.archive, &e) == 0) {
                memcpy(a->now, before, sizeof(before));
                a->backs++;
                return;
        }
        archive_undo(a->k.archive);
        annals_forget(a);
        a->undone++;
}

static inline void annals_step(struct annals *a)
{
        for (unsigned n = tap_below(10); n > 0; n--)
                annals_do(a);
        switch (tap_below(9)) {
        case 0:
                archive_undo(a->k.archive);
                annals_forget(a);
                break;
        case 1:
                annals_commit(a);
                kept_seal(&a->k);
                break;
        case 2:
                kept_close(&a->k);
                annals_forget(a);
                kept_open(&a->k);
                break;
        case 3:
        case 4:
        case 5:
                annals_back(a);
                break;
        default:
                annals_commit(a);
        }
}

/* A life of so many steps; all committed, open still. kept_drop() and free() are due. */
static inline struct annals *annals_new(enum packing packing, int steps)
{
        struct annals *a = mem_new(sizeof(*a));

        kept_new(&a->k, packing);
        a->k.config.segment_size = 1 << 14;
        while (steps-- > 0)
                annals_step(a);
        annals_commit(a);
        return a;
}

static inline void annals_free(struct annals *a)
{
        kept_drop(&a->k);
        free(a);
}
