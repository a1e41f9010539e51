#include "ctl/walks.h"
#include "kept.h"
#include "tap.h"

#define BEGIN(n, kind) \
        "\"walk\":" #n ",\"kind\":\"" kind "\",\"started\":\"2026-11-22T08:00:00.000000Z\""
#define END(n, kind, state, reason)                   \
        BEGIN(n, kind)                                \
        ",\"state\":\"" state "\",\"reason\":" reason \
        ",\"detail\":null,\"pages\":2,\"seen\":1234," \
        "\"new\":8,\"changed\":1,\"gone\":0,\"gaps\":[5,6],\"filter\":null"

static void story(struct kept *k)
{
        kept_new(k, PACKING_ZSTD);
        kept_ledger(k, "begin", BEGIN(1, "full"));
        k->now += 90 * USEC_PER_SEC;
        kept_ledger(k, "walk", END(1, "full", "complete", "null"));
        kept_ledger(k, "begin", BEGIN(2, "new")); /* killed */
        kept_ledger(k, "begin", BEGIN(3, "new")); /* killed, and taken up again: */
        kept_ledger(k, "begin", BEGIN(3, "new"));
        kept_ledger(k, "walk", END(3, "new", "failed", "\"http\\u001b[31m\""));
        kept_ledger(k, "begin", BEGIN(4, "new"));
}

static struct said walks(const struct kept *k, struct args a)
{
        struct said s;

        SAY(&s, k, walks_archive(&v, &a));
        return s;
}

static void table(void)
{
        struct args a = { .output = ARGS_SHORT };
        struct kept k;
        struct said s;
        const char *p;

        story(&k);
        s = walks(&k, a);
        CHECK(s.r == VERB_OK && s.err_n == 0);
        CHECK(strncmp(s.out, "  WALK  KIND  STATE", 19) == 0);
        CHECK((p = strstr(s.out, "\n     4  new   running   2026-11-22 08:00:00 UTC\n")));
        CHECK(p &&
              (p = strstr(p, "\n     3  new   failed    2026-11-22 08:00:00 UTC    1min 30s")));
        CHECK(p && (p = strstr(p, "  http\\u001b[31m; 2 full seconds\n")));
        CHECK(p && (p = strstr(p, "\n     2  new   cut off   2026-11-22 08:00:00 UTC\n")));
        CHECK(p && (p = strstr(p, "\n     1  full  complete  ")) && strstr(p, " 1,234 "));
        CHECK(!strchr(s.out, '\033') && !strstr(s.out, " \n"));
        said_done(&s);
        kept_close(&k); /* nobody writes any more */
        s = walks(&k, a);
        CHECK(strstr(s.out, "\n     4  new   cut off "));
        said_done(&s);
        kept_drop(&k);
}

static void order(void)
{
        static const struct {
                bool reverse;
                uint64_t limit;
                const char *out;
        } cases[] = {
                { false, 0, "4\n3\n2\n1\n" }, { true, 0, "1\n2\n3\n4\n" },  { false, 1, "4\n" },
                { true, 2, "1\n2\n" },        { false, 9, "4\n3\n2\n1\n" },
        };
        struct kept k;
        struct said s;

        story(&k);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct args a = { .output = ARGS_BARE, .reverse = cases[i].reverse };

                a.filter.limit = cases[i].limit;
                s = walks(&k, a);
                CHECK(s.r == VERB_OK && strcmp(s.out, cases[i].out) == 0);
                said_done(&s);
        }
        kept_drop(&k);
}

static void json(void)
{
        static const char first[] =
                "{\"walk\":1,\"kind\":\"full\",\"state\":\"complete\",\"reason\":null,"
                "\"detail\":null,\"started\":\"2026-11-22T08:00:00.000000Z\","
                "\"ended\":\"2026-11-22T08:01:30.000000Z\",\"seconds\":90.000,\"pages\":2,"
                "\"seen\":1234,\"new\":8,\"changed\":1,\"gone\":0,\"filter\":null,"
                "\"gaps\":[5,6]}\n";
        struct args a = { .output = ARGS_JSON, .reverse = true };
        struct json v, x;
        struct kept k;
        struct said s;

        story(&k);
        s = walks(&k, a);
        CHECK(strncmp(s.out, first, strlen(first)) == 0);
        for (char *p = s.out, *end; (end = strchr(p, '\n')); p = end + 1) {
                CHECK(json_parse(p, (size_t)(end - p), &v) == 0);
                CHECK(json_member(&v, "pages", &x) && json_member(&v, "gaps", &x));
        }
        CHECK(strstr(s.out, "\"reason\":\"http\\u001b[31m\""));
        CHECK(strstr(s.out, "\"state\":\"running\",\"reason\":null,\"detail\":null,\"started\":"
                            "\"2026-11-22T08:00:00.000000Z\",\"ended\":null,\"seconds\":null"));
        said_done(&s);
        kept_drop(&k);
}

static void none(void)
{
        struct args a = { .output = ARGS_SHORT };
        struct kept k;
        struct said s;

        kept_new(&k, PACKING_ZSTD);
        s = walks(&k, a);
        CHECK(s.r == VERB_NOT && s.out_n == 0 && s.err_n == 0);
        said_done(&s);
        kept_ledger(&k, "walk", "\"walk\":7");
        kept_spoil(&k, LEDGER_FILE, "base_url");
        s = walks(&k, a);
        CHECK(s.r == VERB_DAMAGED && strstr(s.out, "\n     7  new   failed") && s.err_n);
        said_done(&s);
        kept_drop(&k);
        s = walks(&k, a);
        CHECK(s.r == VERB_NOT && strstr(s.err, "there is no archive"));
        said_done(&s);
}

int main(void)
{
        RUN(table, "a table, the newest first, with those that have no end");
        RUN(order, "order and number of walks are as asked for");
        RUN(json, "as JSON each is an object with the same members");
        RUN(none, "no walks, and walks of a ledger that is damaged");
        return tap_end();
}
