/* Completions that a walk should have seen and has not, beside a plain search. */
#include "store/catalog.h"
#include "scratch.h"
#include "tap.h"

#define IDS 300

static struct known {
        char id[32];
        int64_t row, created;
        uint64_t walk;
        bool gone;
} known[IDS];

static const uint8_t digest[SHA256_SIZE];

static void fill(struct catalog *c)
{
        struct err e;

        for (size_t i = 0; i < IDS; i++) {
                struct known *k = &known[i];

                snprintf(k->id, sizeof(k->id), "chatcmpl-%zu", i);
                k->created = tap_below(40) ? (int64_t)tap_below(60) - 30
                                           : (tap_below(2) ? INT64_MAX : INT64_MIN);
                k->walk = 0;
                k->gone = false;
                CHECK(catalog_add(c, k->id, strlen(k->id), k->created, digest, &k->row, &e) == 0);
        }
}

static void change(struct catalog *c)
{
        struct known *k = &known[tap_below(IDS)];
        struct catalog_record r;
        struct err e;

        if (tap_below(3)) {
                k->walk = 1 + tap_below(6);
                CHECK(catalog_mark(c, k->row, k->walk, CATALOG_DESC, 5, &e) == 0);
        } else {
                k->gone = tap_below(2);
                CHECK(catalog_set_gone(c, k->row, k->gone, &e) == 0);
        }
        CHECK(catalog_find(c, k->id, strlen(k->id), &r, &e) == 0 && r.gone == k->gone &&
              r.walk == k->walk && r.versions == 1);
}

static bool is_unseen(const struct known *k, uint64_t walk, uint64_t first)
{
        return !k->gone && k->walk != walk && k->walk >= first;
}

/* All of them, once, the newest first. */
static void list(struct catalog *c, uint64_t walk, uint64_t first)
{
        int64_t created = INT64_MAX, row = INT64_MAX, last = INT64_MAX;
        bool got[IDS] = { false };
        char id[CATALOG_ID_MAX];
        struct err e;
        int r;

        while ((r = catalog_unseen(c, walk, first, &created, &row, id, &e)) == 0) {
                size_t i = strtoul(id + strlen("chatcmpl-"), NULL, 10);

                if (!CHECK(i < IDS && !got[i] && known[i].created == created &&
                           known[i].row == row && created <= last))
                        return;
                got[i] = true;
                last = created;
        }
        CHECK(r == CATALOG_NONE);
        for (size_t i = 0; i < IDS; i++)
                CHECK(got[i] == is_unseen(&known[i], walk, first));
}

static void count(struct catalog *c, uint64_t walk, uint64_t first, int64_t since)
{
        uint64_t there = 0, unseen = 0, gone = 0, got_there = 99999, got_unseen = 99999;
        struct catalog_counts counts;
        struct err e;

        for (size_t i = 0; i < IDS; i++) {
                const struct known *k = &known[i];

                gone += k->gone;
                if (k->created < since || k->gone || k->walk < first)
                        continue;
                there++;
                unseen += k->walk != walk;
        }
        CHECK(catalog_count_unseen(c, walk, first, since, &got_there, &got_unseen, &e) == 0);
        CHECK(got_there == there && got_unseen == unseen);
        CHECK(catalog_counts(c, &counts, &e) == 0);
        CHECK(counts.gone == gone && counts.completions == IDS);
}

static void test_random(void)
{
        struct catalog *c;
        struct err e;

        CHECK(catalog_open_temporary(&c, &e) == 0);
        fill(c);
        for (int i = 0; i < 300 && tap_good; i++) {
                for (int k = 0; k < 20; k++)
                        change(c);
                list(c, 1 + tap_below(7), tap_below(7));
                count(c, 1 + tap_below(7), tap_below(7), (int64_t)tap_below(70) - 35);
        }
        count(c, 9, 0, INT64_MIN);
        count(c, 9, 0, INT64_MAX);
        catalog_close(c);
}

/* A version, a rollback: neither takes the mark away, nor leaves one. */
static void test_kept(void)
{
        const struct ledger_head head = LEDGER_START;
        struct catalog_record r;
        struct catalog *c;
        struct err e;
        int64_t row;

        CHECK(catalog_open_temporary(&c, &e) == 0);
        CHECK(catalog_add(c, "a", 1, 7, digest, &row, &e) == 0);
        CHECK(catalog_find(c, "a", 1, &r, &e) == 0 && !r.gone);
        CHECK(catalog_set_gone(c, row, true, &e) == 0);
        CHECK(catalog_commit(c, &head, &e) == 0);
        CHECK(catalog_change(c, row, 8, digest, &e) == 0);
        CHECK(catalog_find(c, "a", 1, &r, &e) == 0 && r.gone && r.versions == 2);
        CHECK(catalog_set_gone(c, row, false, &e) == 0);
        catalog_rollback(c);
        CHECK(catalog_find(c, "a", 1, &r, &e) == 0 && r.gone && r.versions == 1);
        catalog_close(c);
}

int main(void)
{
        RUN(test_random, "what a walk has not seen is listed and counted, whatever else is there");
        RUN(test_kept, "the mark of what is gone outlives a version and a rollback");
        return tap_end();
}
