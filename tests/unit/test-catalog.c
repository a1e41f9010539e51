#include "base/mem.h"
#include "store/catalog.h"
#include "scratch.h"
#include "tap.h"

#include <sqlite3.h>

#define IDS   400
#define NOTES 12000

/* The completions as they should be. */
struct row {
        bool there;
        struct catalog_record r;
};

struct model {
        char *dir;
        int dirfd;
        struct catalog *c;
        struct row now[IDS], committed[IDS];
        uint64_t seq, committed_seq;
        size_t notes[2][NOTES], n_notes[2]; /* a head each */
};

static void must(int r, const struct err *e)
{
        if (!CHECK(r == 0))
                printf("# %s\n", e->text);
}

static void open_catalog(struct model *m, bool expect_new)
{
        struct err e = { 0 };
        bool new;

        must(catalog_open(m->dirfd, &m->c, &new, &e), &e);
        CHECK(new == expect_new);
}

static struct model *model_new(void)
{
        struct model *m = mem_new(sizeof(*m));

        m->dir = scratch_new();
        m->dirfd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        open_catalog(m, true);
        return m;
}

static void model_free(struct model *m)
{
        catalog_close(m->c);
        close(m->dirfd);
        scratch_drop(m->dir);
        free(m);
}

/* Some ids are prefixes of others, and some would be taken for patterns. */
static size_t id_of(size_t i, char out[static 64])
{
        return (size_t)snprintf(out, 64, i % 3 ? "chatcmpl-%zu" : "%%_'\"é-%zu", i);
}

static void random_digest(uint8_t out[static SHA256_SIZE])
{
        for (size_t i = 0; i < SHA256_SIZE; i++)
                out[i] = (uint8_t)tap_below(4);
}

static bool same(const struct catalog_record *a, const struct catalog_record *b)
{
        return a->row == b->row && a->created == b->created &&
               memcmp(a->digest, b->digest, SHA256_SIZE) == 0 && a->versions == b->versions &&
               a->seen_at == b->seen_at && a->walk == b->walk && a->heads == b->heads &&
               a->messages == b->messages;
}

static bool check_one(struct model *m, size_t i)
{
        struct catalog_record got;
        struct err e = { 0 };
        char id[64];
        size_t n = id_of(i, id);
        int r = catalog_find(m->c, id, n, &got, &e);

        if (!m->now[i].there)
                return CHECK(r == CATALOG_NONE);
        return CHECK(r == 0) && CHECK(same(&got, &m->now[i].r));
}

static void check_counts(struct model *m)
{
        struct catalog_counts want = { 0 }, got;
        struct err e = { 0 };

        for (size_t i = 0; i < IDS; i++) {
                const struct catalog_record *r = &m->now[i].r;

                if (!m->now[i].there)
                        continue;
                if (want.completions == 0 || r->created > want.newest)
                        want.newest = r->created;
                if (want.completions == 0 || r->created < want.oldest)
                        want.oldest = r->created;
                want.completions++;
                want.versions += r->versions;
                want.wanted += r->messages == CATALOG_WANTED;
                want.missing += r->messages == CATALOG_MISSING;
        }
        must(catalog_counts(m->c, &got, &e), &e);
        CHECK(memcmp(&want, &got, sizeof(want)) == 0);
}

static void check_all(struct model *m)
{
        struct ledger_head head;
        struct err e = { 0 };

        for (size_t i = 0; i < IDS; i++)
                if (!check_one(m, i))
                        break;
        check_counts(m);
        must(catalog_head(m->c, &head, &e), &e);
        CHECK(head.seq == m->committed_seq && head.offset == 3 * m->committed_seq);
}

static void put(struct model *m, size_t i)
{
        struct row *w = &m->now[i];
        uint8_t digest[SHA256_SIZE];
        int64_t created = tap_below(40);
        struct err e = { 0 };
        char id[64];
        size_t n = id_of(i, id);

        random_digest(digest);
        if (w->there) {
                must(catalog_change(m->c, w->r.row, created, digest, &e), &e);
                w->r.versions++;
        } else {
                w->there = true;
                w->r = (struct catalog_record){ .versions = 1 };
                must(catalog_add(m->c, id, n, created, digest, &w->r.row, &e), &e);
        }
        w->r.created = created;
        memcpy(w->r.digest, digest, SHA256_SIZE);
}

static bool mark(struct row *w, uint64_t walk, unsigned head, int64_t seen_at)
{
        bool fresh = w->r.walk != walk;

        w->r.heads = fresh ? head : (w->r.heads | head);
        w->r.walk = walk;
        w->r.seen_at = seen_at;
        return fresh;
}

/* A page: its rows are noted, then settled or forgotten. Some are larger than the memory for notes. */
static void note_page(struct model *m)
{
        size_t n = tap_below(12) ? tap_below(30) : 3000 + tap_below(NOTES - 3000);
        unsigned side = (unsigned)tap_below(2), head = side ? CATALOG_ASC : CATALOG_DESC;
        uint64_t walk = 1 + tap_below(3), fresh = 0, got = 0;
        int64_t seen_at = tap_below(1000);
        struct err e = { 0 };

        for (size_t k = 0; k < n; k++) {
                size_t i = tap_below(IDS);

                if (!m->now[i].there)
                        continue;
                must(catalog_note(m->c, head, m->now[i].r.row, &e), &e);
                m->notes[side][m->n_notes[side]++] = i;
                if (m->n_notes[side] == NOTES)
                        break;
        }
        switch (tap_below(4)) {
        case 0:
                must(catalog_forget_notes(m->c, head, &e), &e);
                m->n_notes[side] = 0;
                break;
        case 1: /* the page goes on, or a rollback comes */
                if (m->n_notes[side] < NOTES / 2)
                        break;
                /* fall through */
        default:
                for (size_t k = 0; k < m->n_notes[side]; k++)
                        fresh += mark(&m->now[m->notes[side][k]], walk, head, seen_at);
                must(catalog_settle_notes(m->c, walk, head, seen_at, &got, &e), &e);
                CHECK(got == fresh);
                m->n_notes[side] = 0;
        }
}

static void end_transaction(struct model *m, unsigned how)
{
        struct ledger_head head = LEDGER_START;
        struct err e = { 0 };

        if (how < 2) {
                head.seq = m->committed_seq = ++m->seq;
                head.offset = 3 * head.seq;
                must(catalog_commit(m->c, &head, &e), &e);
                memcpy(m->committed, m->now, sizeof(m->now));
                return;
        }
        if (how == 2) {
                catalog_rollback(m->c);
        } else { /* as after a kill: the next one opens it anew */
                m->c = catalog_close(m->c);
                open_catalog(m, false);
        }
        memcpy(m->now, m->committed, sizeof(m->now));
        m->n_notes[0] = m->n_notes[1] = 0;
}

static void test_model(void)
{
        struct model *m = model_new();
        struct err e = { 0 };
        char id[64];

        for (int step = 0; step < 3000; step++) {
                size_t i = tap_below(IDS);
                unsigned what = tap_below(40);

                if (what < 16) {
                        put(m, i);
                } else if (what < 22) {
                        note_page(m);
                } else if (what < 26 && m->now[i].there) {
                        mark(&m->now[i], 2, 1, step);
                        must(catalog_mark(m->c, m->now[i].r.row, 2, 1, step, &e), &e);
                } else if (what < 32 && m->now[i].there) {
                        m->now[i].r.messages = (enum catalog_messages)tap_below(4);
                        must(catalog_set_messages(m->c, id, id_of(i, id), m->now[i].r.messages, &e),
                             &e);
                } else if (what >= 37) {
                        end_transaction(m, tap_below(4));
                }
                check_one(m, i);
                if (step % 50 == 0)
                        check_all(m);
        }
        check_all(m);
        model_free(m);
}

/* What lies beside a second, what lies in it, and what is wanted, against a search by hand. */
static void check_beside(struct model *m, int64_t created, bool newer, uint64_t walk, unsigned head)
{
        char got[CATALOG_ID_MAX], id[64];
        int64_t best = 0, got_created = 0;
        bool found = false, named = false;
        struct err e = { 0 };
        int r;

        for (size_t i = 0; i < IDS; i++) {
                const struct catalog_record *w = &m->now[i].r;

                if (!m->now[i].there || (walk && (w->walk != walk || !(w->heads & head))) ||
                    (newer ? w->created <= created : w->created >= created))
                        continue;
                if (!found || (newer ? w->created < best : w->created > best))
                        best = w->created;
                found = true;
        }
        r = catalog_beside(m->c, created, newer, walk, (enum catalog_heads)head, got, &got_created,
                           &e);
        if (!CHECK(r == (found ? 0 : CATALOG_NONE)) || !found)
                return;
        CHECK(got_created == best);
        for (size_t i = 0; i < IDS; i++) {
                id_of(i, id);
                named |= m->now[i].there && m->now[i].r.created == best && strcmp(id, got) == 0;
        }
        CHECK(named);
}

static void check_second(struct model *m, int64_t created, uint64_t walk, unsigned head)
{
        size_t want = 0, got = 0;
        int64_t row = 0, before = 0;
        struct err e = { 0 };
        char id[CATALOG_ID_MAX];

        for (size_t i = 0; i < IDS; i++)
                want += m->now[i].there && m->now[i].r.created == created &&
                        m->now[i].r.walk == walk && (m->now[i].r.heads & head);
        while (catalog_second(m->c, created, walk, (enum catalog_heads)head, &row, id, &e) == 0) {
                CHECK(row > before);
                before = row;
                got++;
        }
        CHECK(got == want);
}

static void check_wanted(struct model *m)
{
        int64_t created = INT64_MIN, row = 0, last = INT64_MIN, last_row = 0;
        size_t want = 0, got = 0;
        struct err e = { 0 };
        char id[CATALOG_ID_MAX];

        for (size_t i = 0; i < IDS; i++)
                want += m->now[i].there && m->now[i].r.messages == CATALOG_WANTED;
        while (catalog_wanted(m->c, &created, &row, id, &e) == 0) {
                CHECK(created > last || (created == last && row > last_row));
                last = created;
                last_row = row;
                got++;
        }
        CHECK(got == want);
}

static void test_searches(void)
{
        struct model *m = model_new();
        struct err e = { 0 };
        char id[64];

        for (int round = 0; round < 20; round++) {
                for (int k = 0; k < 30; k++) {
                        size_t i = tap_below(IDS);

                        put(m, i);
                        if (tap_below(2))
                                note_page(m);
                        m->now[i].r.messages = (enum catalog_messages)tap_below(4);
                        must(catalog_set_messages(m->c, id, id_of(i, id), m->now[i].r.messages, &e),
                             &e);
                }
                for (int k = 0; k < 30; k++) {
                        int64_t created = (int64_t)tap_below(44) - 2;

                        check_beside(m, created, tap_below(2), tap_below(4), 1 + tap_below(2));
                        check_second(m, created, 1 + tap_below(3), 1 + tap_below(2));
                }
                check_wanted(m);
                if (round % 4 == 0)
                        end_transaction(m, 0);
        }
        model_free(m);
}

/* Pages whose notes went to the temporary table, and a failure between: no note of before may count
 * for a page of after. */
static void test_spilled_notes(void)
{
        struct model *m = model_new();
        struct err e = { 0 };
        struct catalog_record r;
        uint64_t fresh = 77;
        int64_t lost = 0, row = 0;
        uint8_t digest[SHA256_SIZE] = { 0 };
        struct ledger_head head = LEDGER_START;

        must(catalog_add(m->c, "lost", 4, 1, digest, &lost, &e), &e);
        must(catalog_add(m->c, "seen", 4, 1, digest, &row, &e), &e);
        must(catalog_commit(m->c, &head, &e), &e);
        for (int settled = 0; settled < 2; settled++) {
                /* noted outside a transaction; the failure comes within one */
                for (int i = 0; i < 5000; i++)
                        must(catalog_note(m->c, CATALOG_DESC, lost, &e), &e);
                must(catalog_begin(m->c, &e), &e);
                if (settled)
                        must(catalog_settle_notes(m->c, 1, CATALOG_DESC, 5, &fresh, &e), &e);
                catalog_rollback(m->c);
                for (int i = 0; i < 5000; i++)
                        must(catalog_note(m->c, CATALOG_DESC, row, &e), &e);
                must(catalog_settle_notes(m->c, 2, CATALOG_DESC, 5, &fresh, &e), &e);
                CHECK(fresh == 1);
                CHECK(catalog_find(m->c, "lost", 4, &r, &e) == 0 && r.walk == 0 && r.heads == 0);
                CHECK(catalog_find(m->c, "seen", 4, &r, &e) == 0 && r.walk == 2);
                catalog_rollback(m->c);
        }
        model_free(m);
}

static void test_segments(void)
{
        struct model *m = model_new();
        struct catalog_segment want[STREAMS][12], got;
        struct err e = { 0 };

        memset(want, 0, sizeof(want));
        for (int step = 0; step < 300; step++) {
                struct catalog_segment *g = &want[tap_below(STREAMS)][tap_below(12)];
                size_t k = (size_t)(g - &want[0][0]);
                struct name at = { 0 };
                int r;

                g->name = (struct name){ .stream = (enum stream)(k / 12),
                                         .number = (uint32_t)(k % 12) * 1000 + 5,
                                         .packing = (enum packing)tap_below(PACKINGS),
                                         .open = tap_below(2),
                                         .date = "2026-11-22" };
                g->length = tap_random() >> 1;
                g->frames = tap_random() >> 1;
                g->first = (usec_t)(tap_random() >> 1);
                g->ledger = tap_random() >> 1;
                g->seq = tap_random() >> 1;
                must(catalog_put_segment(m->c, g, &e), &e);
                CHECK(catalog_get_segment(m->c, g->name.stream, g->name.number, &got, &e) == 0);
                CHECK(memcmp(&got, g, sizeof(got)) == 0);
                CHECK(catalog_get_segment(m->c, g->name.stream, g->name.number + 1, &got, &e) ==
                      CATALOG_NONE);
                for (int only_open = 0; only_open < 2; only_open++) {
                        at = (struct name){ 0 };
                        for (size_t i = 0; i < STREAMS * 12; i++) {
                                g = &want[i / 12][i % 12];
                                if (!g->length || (only_open && !g->name.open))
                                        continue;
                                r = catalog_next_segment(m->c, at.stream, at.number, only_open,
                                                         &got, &e);
                                CHECK(r == 0 && memcmp(&got, g, sizeof(got)) == 0);
                                at = g->name;
                        }
                        CHECK(catalog_next_segment(m->c, at.stream, at.number, only_open, &got,
                                                   &e) == CATALOG_NONE);
                }
        }
        model_free(m);
}

static struct catalog_walk random_walk(uint64_t number)
{
        struct catalog_walk w;

        memset(&w, 0, sizeof(w));
        w.number = number;
        w.full = tap_below(2);
        w.state = (enum catalog_state)tap_below(3);
        w.started = tap_below(1000);
        w.ended = tap_below(1000);
        w.pages = tap_random() >> 1;
        w.seen = tap_random() >> 1;
        w.new = tap_random() >> 1;
        w.changed = tap_random() >> 1;
        w.gone = tap_random() >> 1;
        w.newest = (int64_t)tap_random();
        w.oldest = (int64_t)tap_random();
        w.watermark = (int64_t)tap_random();
        snprintf(w.reason, sizeof(w.reason), "reason-%u", tap_below(100));
        snprintf(w.detail, sizeof(w.detail), "detail '%u", tap_below(100));
        snprintf(w.desc, sizeof(w.desc), "desc%u", tap_below(100));
        snprintf(w.asc, sizeof(w.asc), "%s", tap_below(2) ? "" : "asc");
        w.gaps = tap_random() >> 1;
        random_digest(w.scope);
        return w;
}

static void test_walks(void)
{
        struct model *m = model_new();
        struct catalog_walk want[20] = { 0 }, got;
        struct err e = { 0 };

        for (int step = 0; step < 400; step++) {
                size_t k = 1 + tap_below(19), best = 0;
                uint64_t before = tap_below(22);
                bool complete = tap_below(2), full = tap_below(2);
                int r;

                want[k] = random_walk(k);
                must(catalog_put_walk(m->c, &want[k], &e), &e);
                must(catalog_get_walk(m->c, k, &got, &e), &e);
                CHECK(memcmp(&got, &want[k], sizeof(got)) == 0);
                CHECK(catalog_get_walk(m->c, 20, &got, &e) == CATALOG_NONE);
                for (size_t i = 1; i < 20; i++)
                        if (want[i].number && (!before || i < before) &&
                            (!complete || want[i].state == CATALOG_COMPLETE) &&
                            (!full || want[i].full))
                                best = i;
                r = catalog_last_walk(m->c, before, complete, full, &got, &e);
                CHECK(r == (best ? 0 : CATALOG_NONE));
                if (best)
                        CHECK(memcmp(&got, &want[best], sizeof(got)) == 0);
        }
        model_free(m);
}

static void test_texts(void)
{
        struct model *m = model_new();
        struct ledger_head head = { .seq = UINT32_MAX, .offset = 1ull << 40 }, got;
        struct err e = { 0 };
        char text[16];

        memset(head.hash, 'a', 64);
        CHECK(catalog_get_text(m->c, "key", text, sizeof(text), &e) == CATALOG_NONE);
        must(catalog_set_text(m->c, "key", "value'", &e), &e);
        must(catalog_set_text(m->c, "key", "other", &e), &e);
        must(catalog_get_text(m->c, "key", text, sizeof(text), &e), &e);
        CHECK(strcmp(text, "other") == 0);

        must(catalog_head(m->c, &got, &e), &e);
        CHECK(got.seq == 0 && got.offset == 0 && strcmp(got.hash, LEDGER_ZERO) == 0);
        must(catalog_commit(m->c, &head, &e), &e);
        must(catalog_head(m->c, &got, &e), &e);
        CHECK(memcmp(&got, &head, sizeof(got)) == 0);
        model_free(m);
}

/* What is no catalog of ours is said to be stale, and is not changed. */
static void test_stale(void)
{
        struct model *m = model_new();
        char path[SCRATCH_PATH_MAX], *good, *p;
        struct err e = { 0 };
        struct catalog *c = NULL;
        bool new = false;
        sqlite3 *db;
        size_t n, size;

        m->c = catalog_close(m->c);
        good = scratch_read(m->dir, CATALOG_FILE, &size);
        scratch_join(path, m->dir, CATALOG_FILE);
        for (int what = 0; what < 4; what++) {
                scratch_write(m->dir, CATALOG_FILE, good, size, 0640);
                if (what == 0) {
                        scratch_write(m->dir, CATALOG_FILE,
                                      "this is not a database, not even "
                                      "nearly so; it is plain text",
                                      60, 0640);
                } else if (what == 1) {
                        scratch_write(m->dir, CATALOG_FILE, good, 50, 0640);
                } else {
                        CHECK(sqlite3_open(path, &db) == SQLITE_OK);
                        sqlite3_exec(db,
                                     what == 2 ? "PRAGMA user_version = 99"
                                               : "PRAGMA user_version = 0",
                                     NULL, NULL, NULL);
                        sqlite3_close(db);
                }
                p = scratch_read(m->dir, CATALOG_FILE, &n);
                CHECK(catalog_open(m->dirfd, &c, &new, &e) == CATALOG_STALE && c == NULL);
                CHECK(catalog_open_readonly(m->dirfd, &c, &e) == CATALOG_STALE && c == NULL);
                free(p);
        }
        must(catalog_remove(m->dirfd, &e), &e);
        must(catalog_remove(m->dirfd, &e), &e);
        CHECK(catalog_open_readonly(m->dirfd, &c, &e) == CATALOG_NONE && c == NULL);
        scratch_write(m->dir, CATALOG_FILE, "", 0, 0640); /* as a kill right behind open leaves */
        CHECK(catalog_open_readonly(m->dirfd, &c, &e) == CATALOG_STALE && c == NULL);
        open_catalog(m, true);
        free(good);
        model_free(m);
}

static void test_readonly(void)
{
        struct model *m = model_new();
        struct catalog_record r;
        struct err e = { 0 };
        struct catalog *c = NULL;

        put(m, 1);
        end_transaction(m, 0);
        put(m, 2);
        must(catalog_open_readonly(m->dirfd, &c, &e), &e);
        CHECK(catalog_find(c, "chatcmpl-1", 10, &r, &e) == 0);
        CHECK(catalog_find(c, "chatcmpl-2", 10, &r, &e) == CATALOG_NONE); /* not committed */
        end_transaction(m, 0);
        CHECK(catalog_find(c, "chatcmpl-2", 10, &r, &e) == 0);
        CHECK(catalog_set_text(c, "key", "value", &e) < 0); /* nobody else writes now */
        CHECK(catalog_close(c) == NULL);
        check_all(m);
        CHECK(catalog_close(NULL) == NULL);
        model_free(m);
}

int main(void)
{
        RUN(test_model, "adding, changing, seeing and rolling back agree with the model");
        RUN(test_searches, "what lies beside a second, within it and in the queue is found");
        RUN(test_spilled_notes, "a page's notes never count for another page, whatever failed");
        RUN(test_segments, "segments are listed in order, and are what was put");
        RUN(test_walks, "walks are what was put, and the last of each kind is found");
        RUN(test_texts, "single values and the head are what was put");
        RUN(test_stale, "a file that is no catalog of this version is stale");
        RUN(test_readonly, "a reader beside the writer sees what was committed, and cannot write");
        return tap_end();
}
