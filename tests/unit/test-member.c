#include "ctl/member.h"
#include "base/mem.h"
#include "tap.h"

static bool found(const char *text, const char *key, const char *expected)
{
        char *exact = mem_new(strlen(text) + 1); /* its end is the memory's */
        struct json v;
        bool good;

        exact = mem_resize(exact, strlen(text) ? strlen(text) : 1);
        memcpy(exact, text, strlen(text));
        member_find(exact, strlen(text), &key, 1, &v);
        good = expected ? v.p && v.n == strlen(expected) && memcmp(v.p, expected, v.n) == 0 : !v.p;
        if (!good)
                printf("# %s of %s: %.*s\n", key, text, (int)v.n, v.p ? v.p : "");
        free(exact);
        return good;
}

static void finds(void)
{
        CHECK(found("{\"id\":\"a\"}", "id", "\"a\""));
        CHECK(found("{\"a\":{\"id\":\"x\",\"b\":[{},\"}\"]},\"id\":12,\"z\":1}", "id", "12"));
        CHECK(found("{\"x\":\"\\\"id\\\":1\",\"id\":\"\\\\\"}", "id", "\"\\\\\""));
        CHECK(found("{\"\\u0069d\":true}", "id", "true"));
        CHECK(found(" { \"a\" : 1 , \"id\" : [1, 2] } ", "id", "[1, 2]"));
        CHECK(found("{\"id\":1,\"id\":2}", "id", "1"));
        CHECK(found("{\"a\":\"id\"}", "id", NULL));
        CHECK(found("{\"idx\":1}", "id", NULL));
        CHECK(found("[{\"id\":1}]", "id", NULL));
}

static void deep(void)
{
        size_t n = 300000;
        char *text = mem_new(2 * n + 64);
        struct json v;
        const char *key = "id";

        strcpy(text, "{\"a\":");
        memset(text + 5, '[', n);
        memset(text + 5 + n, ']', n);
        strcpy(text + 5 + 2 * n, ",\"id\":7}");
        member_find(text, strlen(text), &key, 1, &v);
        CHECK(v.p && v.n == 1 && *v.p == '7');
        free(text);
}

/* Cut anywhere, and any byte changed: nothing behind the end is read (sanitizers see it). */
static void hostile(void)
{
        static const char whole[] = "{\"a\":[\"\\\"\",{}],\"\\u0069d\":\"x\\u00e9\",\"created\":12,"
                                    "\"observed_at\":\"2026-11-22T08:00:00.000000Z\"}";
        struct buf id = BUF_INIT;
        int64_t t;

        for (size_t n = 0; n < sizeof(whole); n++)
                for (int c = 0; c < 256; c += n % 7 == 0 ? 1 : 37) {
                        char *text = mem_new(n ? n : 1);

                        memcpy(text, whole, n);
                        if (n)
                                text[tap_below((unsigned)n)] = (char)c;
                        for (enum stream s = 0; s < STREAMS; s++) {
                                member_id(s, text, n, &id);
                                member_moment(s, text, n, &t);
                        }
                        free(text);
                }
        CHECK(member_id(STREAM_COMPLETIONS, whole, sizeof(whole) - 1, &id) == 0);
        CHECK(strcmp(buf_str(&id), "x\303\251") == 0);
        buf_done(&id);
}

static void moments(void)
{
        static const char text[] = "{\"created\":12,\"observed_at\":\"1970-01-01T00:00:13.9Z\"}";
        int64_t t = 0;

        CHECK(member_moment(STREAM_COMPLETIONS, text, sizeof(text) - 1, &t) == 0 && t == 12);
        CHECK(member_moment(STREAM_CHANGES, text, sizeof(text) - 1, &t) == 0 && t == 13);
        CHECK(member_moment(STREAM_MESSAGES, text, sizeof(text) - 1, &t) == -1);
        CHECK(member_moment(STREAM_COMPLETIONS, "{\"created\":\"1\"}", 15, &t) == -1);
        CHECK(member_moment(STREAM_CHANGES, "{\"observed_at\":\"1\"}", 19, &t) == -1);
}

int main(void)
{
        RUN(finds, "a member of the outermost object is found");
        RUN(deep, "depth does not matter");
        RUN(hostile, "any bytes do no harm");
        RUN(moments, "created and observed_at are read");
        return tap_end();
}
