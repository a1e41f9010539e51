#include "ctl/filter.h"
#include "tap.h"

#include <locale.h>

static bool matches(const struct filter *f, const char *text)
{
        struct json v;

        if (json_parse(text, strlen(text), &v) < 0)
                abort();
        return filter_matches(f, &v);
}

static bool model(const char *pattern, const char *text)
{
        const struct filter f = { .model = pattern };
        char line[512];

        snprintf(line, sizeof(line), "{\"id\":\"x\",\"model\":%s}", text);
        CHECK(filter_reads(&f));
        return matches(&f, line);
}

static bool metadata(const char *a, const char *b, const char *text)
{
        struct filter f = { .metadata = { a, b }, .n_metadata = b ? 2 : 1 };
        char line[512];

        snprintf(line, sizeof(line), "{\"metadata\":%s}", text);
        CHECK(filter_reads(&f));
        return matches(&f, line);
}

static void models(void)
{
        CHECK(model("gpt-4o", "\"gpt-4o\""));
        CHECK(model("gpt-4o", "\"gpt\\u002d4o\""));
        CHECK(!model("gpt-4o", "\"gpt-4o-mini\""));
        CHECK(!model("gpt-4o", "\"gpt-4\""));
        CHECK(!model("gpt-4o", "null"));
        CHECK(!model("4", "4"));
        CHECK(model("gpt-4*", "\"gpt-4o-mini\""));
        CHECK(model("*mini", "\"gpt-4o-mini\""));
        CHECK(!model("*mini", "\"gpt-4o-mini-2\""));
        CHECK(model("gpt-[34]?", "\"gpt-4o\""));
        CHECK(model("org/*/x", "\"org/a/b/x\""));
        CHECK(model("[", "\"[\""));
        CHECK(model("a*b", "\"a*b\""));
        CHECK(!model("a\\b", "\"ab\"")); /* a backslash alone makes no glob */
        CHECK(!model("*", "\"a\\u0000b\""));
        CHECK(model("gr?n", "\"gr\xc3\xbcn\""));
        CHECK(!matches(&(struct filter){ .model = "*" }, "{}"));
        CHECK(!matches(&(struct filter){ .model = "b" }, "{\"model\":\"b\",\"model\":\"a\"}"));
}

static void pairs(void)
{
        CHECK(metadata("a=b", NULL, "{\"a\":\"b\"}"));
        CHECK(metadata("a=b=c", NULL, "{\"a\":\"b=c\"}"));
        CHECK(metadata("a=", NULL, "{\"a\":\"\"}"));
        CHECK(metadata("=x", NULL, "{\"\":\"x\"}"));
        CHECK(metadata("a=b", "c=d", "{\"c\":\"\\u0064\",\"\\u0061\":\"b\"}"));
        CHECK(!metadata("a=b", "c=d", "{\"a\":\"b\"}"));
        CHECK(!metadata("a=b", NULL, "{\"a\":\"b\",\"a\":\"c\"}"));
        CHECK(!metadata("a=1", NULL, "{\"a\":1}"));
        CHECK(!metadata("a=b", NULL, "null"));
        CHECK(!metadata("a=b", NULL, "[\"a\",\"b\"]"));
        CHECK(!matches(&(struct filter){ .metadata = { "a=b" }, .n_metadata = 1 }, "{}"));
}

static void any(void)
{
        const struct filter all = FILTER_ALL;

        CHECK(!filter_reads(&all) && matches(&all, "{}"));
        CHECK(!filter_reads(&(struct filter){ .gone = true, .changed = true, .limit = 3 }));
}

int main(void)
{
        setlocale(LC_CTYPE, "C.UTF-8");
        RUN(models, "a model is exactly this one, or a glob");
        RUN(pairs, "metadata: each pair, its last value");
        RUN(any, "without either, the record need not be read");
        return tap_end();
}
