/* Tombstones, as they are written, and as they come back from the ledger. */
#include "kept.h"
#include "tap.h"
#include "walk/tombstone.h"

#define IDS 12

static struct catalog_record find(struct kept *k, unsigned i, char id[static 32])
{
        struct catalog_record r = { 0 };
        struct err err;

        snprintf(id, 32, "chatcmpl-%u", i + 1);
        CHECK(catalog_find(archive_catalog(k->archive), id, strlen(id), &r, &err) == 0);
        return r;
}

static bool holds(struct kept *k, const bool gone[static IDS])
{
        char id[32];
        bool ok = true;

        for (unsigned i = 0; i < IDS; i++)
                ok = CHECK(find(k, i, id).gone == gone[i]) && ok;
        return ok;
}

static void reopen(struct kept *k, bool lost)
{
        kept_close(k);
        if (lost)
                kept_unlink(k, CATALOG_FILE);
        kept_open(k);
}

/* Put and lifted at random, committed or undone: the same in the catalog, in one that is opened
 * again, and in one that is made anew. */
static void test_random(void)
{
        bool gone[IDS] = { false }, committed[IDS] = { false };
        struct spool *spool;
        struct kept k;
        struct err err;

        kept_new(&k, PACKING_ZSTD);
        kept_completions(&k, IDS);
        kept_commit(&k);
        for (unsigned step = 0; step < 400 && tap_good; step++) {
                unsigned i = tap_below(IDS);
                char id[32];
                struct catalog_record known = find(&k, i, id);

                spool = spool_new(archive_spool_place(k.archive));
                CHECK((known.gone ? tombstone_lift : tombstone_put)(
                              k.archive, spool, id, strlen(id), &known, "req_1", k.now, &err) == 0);
                CHECK(spool_records(spool) == 0);
                spool_free(spool);
                gone[i] = !gone[i];
                if (tap_below(8) == 0) {
                        kept_commit(&k);
                        memcpy(committed, gone, sizeof(gone));
                } else if (tap_below(20) == 0) {
                        archive_undo(k.archive);
                        memcpy(gone, committed, sizeof(gone));
                } else if (tap_below(20) == 0) {
                        reopen(&k, tap_below(2));
                        memcpy(gone, committed, sizeof(gone));
                }
                holds(&k, gone);
        }
        kept_drop(&k);
}

static void test_lines(void)
{
        const char *const file = KEPT_FOLDER("changes") "00000001.jsonl.open";
        struct catalog_record known;
        struct spool *spool;
        struct kept k;
        struct err err;
        char id[32], *text;
        size_t n;

        kept_new(&k, PACKING_NONE);
        kept_completions(&k, 1);
        known = find(&k, 0, id);
        known.seen_at = 1795334401;
        spool = spool_new(archive_spool_place(k.archive));
        CHECK(tombstone_put(k.archive, spool, "a\"b", 3, &known, "", k.now, &err) == 0);
        known.created = 1795334400;
        CHECK(tombstone_put(k.archive, spool, id, strlen(id), &known, "", k.now, &err) == 0);
        CHECK(tombstone_lift(k.archive, spool, id, strlen(id), &known, "", k.now, &err) == 0);
        spool_free(spool);
        kept_commit(&k);
        text = kept_slurp(&k, file, &n);
        CHECK(strcmp(text, "{\"type\":\"gone\",\"id\":\"a\\\"b\",\"observed_at\":"
                           "\"2026-11-22T08:00:00.000000Z\",\"created\":1700000001,\"last_seen\":"
                           "\"2026-11-22T08:00:01.000000Z\",\"expired\":true}\n"
                           "{\"type\":\"gone\",\"id\":\"chatcmpl-1\",\"observed_at\":"
                           "\"2026-11-22T08:00:00.000000Z\",\"created\":1795334400,\"last_seen\":"
                           "\"2026-11-22T08:00:01.000000Z\",\"expired\":false}\n"
                           "{\"type\":\"returned\",\"id\":\"chatcmpl-1\",\"observed_at\":"
                           "\"2026-11-22T08:00:00.000000Z\",\"last_seen\":"
                           "\"2026-11-22T08:00:01.000000Z\"}\n") == 0);
        free(text);
        kept_drop(&k);
}

static void test_expired(void)
{
        const usec_t now = KEPT_START + 1;
        const int64_t then = KEPT_START / USEC_PER_SEC - 30 * 86400;

        CHECK(tombstone_is_expired(then, now) && tombstone_is_expired(then - 1, now));
        CHECK(tombstone_is_expired(then, now - 1) && !tombstone_is_expired(then + 1, now));
        CHECK(!tombstone_is_expired(then, now - 2 - USEC_PER_SEC));
        CHECK(tombstone_is_expired(INT64_MIN, now) && !tombstone_is_expired(INT64_MAX, now));
}

int main(void)
{
        RUN(test_random, "tombstones put and lifted are what the catalog has, made anew or not");
        RUN(test_lines, "their lines say what they should");
        RUN(test_expired, "thirty days are thirty days");
        return tap_end();
}
