#include "tap.h"

#include "walk/scope.h"

static bool same(const struct scope *a, const struct scope *b)
{
        uint8_t da[SHA256_SIZE], db[SHA256_SIZE];

        scope_digest(a, da);
        scope_digest(b, db);
        return memcmp(da, db, sizeof(da)) == 0;
}

static bool filter_is(const struct scope *s, const char *expected)
{
        struct buf b = BUF_INIT;
        bool ok;

        scope_filter(s, &b);
        ok = strcmp(buf_str(&b), expected) == 0;
        if (!ok)
                printf("# %s\n", buf_str(&b));
        buf_done(&b);
        return ok;
}

static void test_filter(void)
{
        const char *pairs[] = { "b=2=3", "a=\"x\"", "bare", NULL }, *none[] = { NULL };

        CHECK(filter_is(&(struct scope){ "u", NULL, NULL }, "null"));
        CHECK(filter_is(&(struct scope){ "u", NULL, none }, "null"));
        CHECK(filter_is(&(struct scope){ "u", "gpt-4o", NULL },
                        "{\"model\":\"gpt-4o\",\"metadata\":{}}"));
        CHECK(filter_is(&(struct scope){ "u", NULL, pairs },
                        "{\"model\":null,\"metadata\":{\"a\":\"\\\"x\\\"\",\"b\":\"2=3\","
                        "\"bare\":\"\"}}"));
}

static void test_digest(void)
{
        const char *one[] = { "a=1", "b=2", NULL }, *other[] = { "b=2", "a=1", NULL };
        const char *third[] = { "a=1", "b=3", NULL };

        CHECK(same(&(struct scope){ "https://x/v1", NULL, NULL },
                   &(struct scope){ "https://x/v1/", NULL, NULL }));
        CHECK(same(&(struct scope){ "u", "m", one }, &(struct scope){ "u", "m", other }));
        CHECK(!same(&(struct scope){ "u", "m", one }, &(struct scope){ "u", "m", third }));
        CHECK(!same(&(struct scope){ "u", "m", one }, &(struct scope){ "u", NULL, one }));
        CHECK(!same(&(struct scope){ "u", "m", one }, &(struct scope){ "v", "m", one }));
        CHECK(!same(&(struct scope){ "u", "m", one }, &(struct scope){ "u", "m", NULL }));
}

int main(void)
{
        RUN(test_filter, "the filter is told as the ledger has it, its pairs in order");
        RUN(test_digest, "the digest knows server and filter, and not how they are written");
        return tap_end();
}
