/* The oldest completion whose messages are wanted, beside a plain search. */
#include "store/catalog.h"
#include "scratch.h"
#include "tap.h"

#define IDS 60

static struct {
        int64_t created;
        bool wanted;
} known[IDS];

static bool agrees(struct catalog *c, size_t n)
{
        int64_t oldest = 0, got = 12345;
        bool any = false;
        struct err e;
        int r = catalog_oldest_wanted(c, &got, &e);

        for (size_t i = 0; i < n; i++) {
                if (!known[i].wanted)
                        continue;
                oldest = any && oldest < known[i].created ? oldest : known[i].created;
                any = true;
        }
        return CHECK(r == (any ? 0 : CATALOG_NONE)) && CHECK(got == (any ? oldest : 12345));
}

static void test_random(void)
{
        static const enum catalog_messages states[] = { CATALOG_WANTED, CATALOG_ARCHIVED,
                                                        CATALOG_EMPTY, CATALOG_MISSING };
        const uint8_t digest[SHA256_SIZE] = { 0 };
        struct catalog *c;
        struct err e;
        char id[32];
        int64_t row;
        size_t n = 0;

        CHECK(catalog_open_temporary(&c, &e) == 0);
        CHECK(agrees(c, 0));
        for (unsigned i = 0; i < 2000 && tap_good; i++) {
                size_t k = tap_below((unsigned)n + 1);

                snprintf(id, sizeof(id), "chatcmpl-%zu", k);
                if (k == n && n < IDS) {
                        known[n].created = tap_below(50) ? (int64_t)tap_below(100) - 50 : INT64_MIN;
                        known[n].wanted = true;
                        CHECK(catalog_add(c, id, strlen(id), known[n].created, digest, &row, &e) ==
                              0);
                        n++;
                } else if (k < n) {
                        enum catalog_messages to = states[tap_below(i > 1500 ? 8 : 4) % 4];

                        if (i > 1500 && to == CATALOG_WANTED)
                                to = CATALOG_ARCHIVED;
                        known[k].wanted = to == CATALOG_WANTED;
                        CHECK(catalog_set_messages(c, id, strlen(id), to, &e) == 0);
                }
                agrees(c, n);
        }
        for (size_t k = 0; k < n; k++) { /* until none is left */
                snprintf(id, sizeof(id), "chatcmpl-%zu", k);
                known[k].wanted = false;
                CHECK(catalog_set_messages(c, id, strlen(id), CATALOG_MISSING, &e) == 0);
                agrees(c, n);
        }
        catalog_close(c);
}

int main(void)
{
        RUN(test_random, "the oldest that is wanted is found, whatever became of the others");
        return tap_end();
}
