/* The page: what it says of an archive, whole or not, and that nothing of a record gets into it as
 * anything but text. */
#include "ctl/report.h"
#include "kept.h"
#include "tap.h"

static void say(struct said *s, const struct kept *k, unsigned jobs)
{
        const struct args a = { .verb = ARGS_REPORT, .jobs = jobs };

        SAY(s, k, report_archive(&v, &a));
}

static bool has(const struct said *s, const char *text)
{
        bool there = s->out && strstr(s->out, text);

        if (!there)
                printf("# not there: %s\n", text);
        return there;
}

/* The figure of that name. */
static bool figure(const struct said *s, const char *name, const char *value)
{
        char text[128];

        snprintf(text, sizeof(text), "<dt>%s</dt><dd class=\"v\">%s</dd>", name, value);
        return has(s, text);
}

static void completion(struct kept *k, const char *id, int64_t created, const char *model,
                       unsigned prompt, unsigned answer, char digest[static SHA256_HEX_SIZE])
{
        uint8_t sum[SHA256_SIZE];
        char line[1024];

        snprintf(line, sizeof(line),
                 "{\"id\":\"%s\",\"created\":%lld,\"model\":\"%s\",\"usage\":{\"prompt_tokens\":%u,"
                 "\"completion_tokens\":%u},\"choices\":[{\"model\":\"no\",\"created\":1}]}",
                 id, (long long)created, model, prompt, answer);
        kept_line(k, STREAM_COMPLETIONS, line);
        sha256(line, strlen(line), sum);
        sha256_hex(sum, digest);
}

static void changed(struct kept *k, const char *id, const char *before, const char *after)
{
        char line[512];

        snprintf(line, sizeof(line),
                 "{\"type\":\"changed\",\"id\":\"%s\",\"observed_at\":\"2026-11-22T08:00:00."
                 "000000Z\","
                 "\"last_seen\":\"2026-11-22T08:00:00.000000Z\",\"version\":2,\"sha256_before\":\"%"
                 "s\","
                 "\"sha256\":\"%s\"}",
                 id, before, after);
        kept_line(k, STREAM_CHANGES, line);
}

static void whole(void)
{
        for (enum packing p = 0; p < PACKINGS; p++) {
                struct said s, again;
                struct kept k;

                kept_small(&k, p);
                say(&s, &k, 1);
                say(&again, &k, 4);
                CHECK(s.r == VERB_OK && s.err_n == 0);
                CHECK(s.out_n == again.out_n && memcmp(s.out, again.out, s.out_n) == 0);
                CHECK(figure(&s, "Completions", "8") && figure(&s, "Earlier versions", "0"));
                CHECK(figure(&s, "Segments", "5") && has(&s, "Clean") && has(&s, "5 of 5 frames"));
                CHECK(has(&s, "Archive of <bdi>https://api.example/v1</bdi>"));
                CHECK(has(&s, "default-src 'none'") && !strstr(s.out, "<script"));
                said_done(&s);
                said_done(&again);
                kept_drop(&k);
        }
}

/* A, B and A again are three versions of one completion, which counts once, as it is now. */
static void versions_counted(void)
{
        char a[SHA256_HEX_SIZE], b[SHA256_HEX_SIZE], other[SHA256_HEX_SIZE];
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        completion(&k, "c1", 1795334400, "m-one", 1000, 10, a);
        completion(&k, "c2", 1795334400, "m-one", 500, 5, other);
        kept_commit(&k);
        completion(&k, "c1", 1795334400, "m-two", 2000, 20, b);
        changed(&k, "c1", a, b);
        kept_commit(&k);
        completion(&k, "c1", 1795334400, "m-one", 1000, 10, a);
        changed(&k, "c1", b, a);
        kept_commit(&k);
        kept_close(&k);
        say(&s, &k, 0);
        CHECK(s.r == VERB_OK && figure(&s, "Completions", "2"));
        CHECK(figure(&s, "Earlier versions", "2"));
        CHECK(has(&s, "<bdi>m-one</bdi> <b>2</b>") && !strstr(s.out, "m-two"));
        CHECK(has(&s, "<bdi>prompts</bdi> <b>1,500</b>") &&
              has(&s, "<bdi>answers</bdi> <b>15</b>"));
        CHECK(has(&s, "<bdi>changed</bdi> <b>2</b>"));
        said_done(&s);
        kept_drop(&k);
}

/* A record that is read in pieces, before and behind others. */
static void giant(void)
{
        static char line[17 << 20];
        char digest[SHA256_HEX_SIZE];
        struct said s;
        struct kept k;
        int n = snprintf(line, sizeof(line), "{\"id\":\"big\",\"text\":\"");

        memset(line + n, 'x', sizeof(line) - (size_t)n);
        strcpy(line + sizeof(line) - 64, "\",\"model\":\"m-big\",\"created\":1795334400}");
        kept_new(&k, PACKING_ZSTD);
        completion(&k, "a", 1795334400, "m-one", 1, 1, digest);
        kept_line(&k, STREAM_COMPLETIONS, line);
        completion(&k, "b", 1795334400, "m-one", 1, 1, digest);
        kept_commit(&k);
        kept_close(&k);
        say(&s, &k, 2);
        CHECK(s.r == VERB_OK && figure(&s, "Completions", "3"));
        CHECK(has(&s, "<bdi>m-big</bdi> <b>1</b>") && has(&s, "<bdi>m-one</bdi> <b>2</b>"));
        said_done(&s);
        kept_drop(&k);
}

/* Are there only the tags that a page of ours has, and no byte that a reader obeys? */
static bool harmless(const struct said *s)
{
        static const char *const bad[] = { "<script",      "<img",     "<b onclick",
                                           "\342\200\256", "\302\233", "onload=\"" };

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                if (strstr(s->out, bad[i]))
                        return !printf("# there is %s\n", bad[i]);
        for (const char *p = s->out; *p; p++)
                if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
                        return !printf("# there is byte %d\n", *p);
        return strlen(s->out) == s->out_n;
}

static void hostile(void)
{
        static const char *const models[] = {
                "<script>alert(1)</script>",
                "\\\"><img src=x onload=\\\"",
                "'><b onclick='",
                "\\u001b]0;x\\u0007",
                "\342\200\256gnp.exe",
                "\302\233 31m",
                "\\u0000nul",
                "\\ud83d lone",
                "a&lt;b",
        };
        char digest[SHA256_HEX_SIZE];
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        for (size_t i = 0; i < ELEMENTS(models); i++)
                completion(&k, "c", 1795334400 + (int64_t)i, models[i], 1, 1, digest);
        completion(&k, "c", INT64_MAX, "m", 1, 1, digest);
        completion(&k, "c", -1, "m", 1, 1, digest);
        kept_line(&k, STREAM_COMPLETIONS, "[\"no record\"]");
        kept_line(&k, STREAM_CHANGES, "{\"type\":\"<script>\",\"observed_at\":\"<img\"}");
        kept_commit(&k);
        kept_ledger(
                &k, "walk",
                "\"walk\":1,\"kind\":\"<img\",\"state\":\"failed\",\"reason\":\"<script>\\u001b\","
                "\"detail\":\"\\\"><img "
                "src=x>\342\200\256\",\"started\":\"<script>\",\"pages\":-1");
        kept_close(&k);
        say(&s, &k, 0);
        CHECK(s.r == VERB_OK && harmless(&s) && figure(&s, "Completions", "12"));
        CHECK(has(&s, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
        CHECK(has(&s, "<bdi>&#39;&gt;&lt;b onclick=&#39;</bdi>") &&
              has(&s, "<bdi>a&amp;lt;b</bdi>"));
        CHECK(has(&s, "<bdi>\\u202egnp.exe</bdi>") && has(&s, "<bdi>(no model)</bdi>"));
        CHECK(has(&s, "3 completions have no date"));
        said_done(&s);
        kept_drop(&k);
}

#define SEALED KEPT_FOLDER("completions") "00000001.jsonl.zst"

static void damaged(void)
{
        struct said s;
        struct kept k;
        size_t n;
        char *text;

        kept_small(&k, PACKING_ZSTD);
        text = kept_slurp(&k, SEALED, &n);
        text[20] ^= 4;
        kept_write(&k, SEALED, text, n);
        free(text);
        say(&s, &k, 0);
        CHECK(s.r == VERB_DAMAGED && strstr(s.err, "damaged: " SEALED ": offset 0: "));
        CHECK(figure(&s, "Completions", "5") && has(&s, "Damaged") && !strstr(s.out, "Clean"));
        CHECK(has(&s, "<bdi>damaged: " SEALED ": offset 0: ") && has(&s, "4 of 5 frames"));
        said_done(&s);
        kept_unlink(&k, KEPT_FOLDER("messages") "00000001.jsonl.zst");
        say(&s, &k, 0);
        CHECK(s.r == VERB_DAMAGED && has(&s, "it is missing") && has(&s, "0 of 1 frames"));
        said_done(&s);
        kept_unlink(&k, CATALOG_FILE); /* what it would say cannot be had */
        say(&s, &k, 0);
        CHECK(s.r == VERB_DAMAGED && figure(&s, "Gone upstream", "?"));
        said_done(&s);
        kept_unlink(&k, LEDGER_FILE);
        say(&s, &k, 0);
        CHECK(s.r == VERB_DAMAGED && has(&s, "lost its ledger") && has(&s, "</html>"));
        said_done(&s);
        kept_drop(&k);
        say(&s, &k, 0);
        CHECK(s.r == VERB_NOT && s.out_n == 0 && strstr(s.err, "there is no archive in"));
        said_done(&s);
}

static void empty(void)
{
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        kept_close(&k);
        say(&s, &k, 0);
        CHECK(s.r == VERB_OK && figure(&s, "Completions", "0"));
        CHECK(figure(&s, "Last complete full walk", "never") && has(&s, "Clean"));
        CHECK(has(&s, "There are no completions with a date"));
        said_done(&s);
        kept_drop(&k);
}

int main(void)
{
        RUN(whole, "a page says what there is, in each packing, the same on any number of threads");
        RUN(versions_counted, "a completion counts once, in its newest version");
        RUN(giant, "a record of 17 MB is read like any other");
        RUN(hostile, "what a record or a ledger says is text and nothing else");
        RUN(damaged, "damage is on the page, in the exit code, and on stderr");
        RUN(empty, "an archive without anything has a page too");
        return tap_end();
}
