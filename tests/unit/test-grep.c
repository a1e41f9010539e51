#include "ctl/grep.h"
#include "ctl/pattern.h"
#include "kept-attack.h"

static struct args grep_args(const char *pattern, enum stream stream)
{
        static unsigned turn;

        return (struct args){
                .pattern = pattern, .stream = stream, .jobs = 1 + turn++ % 3, .filter = FILTER_ALL
        };
}

static bool greps(const struct kept *k, const struct args *a, int r, const char *out,
                  const char *err)
{
        struct said s;
        bool good;

        SAY(&s, k, grep_archive(&v, a));
        good = s.r == r && strcmp(s.out, out) == 0 &&
               (err ? strstr(s.err, err) != NULL : s.err_n == 0);
        if (!good)
                printf("# %s: %d: %s# %s\n", a->pattern, s.r, s.out, s.err);
        said_done(&s);
        return good;
}

static void archive(struct kept *k, enum packing packing)
{
        kept_new(k, packing);
        kept_line(k, STREAM_COMPLETIONS, "{\"id\":\"a\",\"created\":1,\"t\":\"Stra\303\237e\"}");
        kept_line(k, STREAM_COMPLETIONS, "{\"id\":\"b\",\"created\":2,\"t\":\"\303\204rger\"}");
        kept_commit(k);
        kept_line(k, STREAM_COMPLETIONS, "{\"id\":\"b\",\"created\":2,\"t\":\"aaaaX\"}");
        kept_line(k, STREAM_COMPLETIONS, "{\"id\":\"c\",\"created\":3,\"t\":\"aaX\\n\"}");
        kept_line(k, STREAM_COMPLETIONS, "{\"id\":\"b\",\"created\":2,\"t\":\"aaX\"}");
        kept_line(k, STREAM_MESSAGES, "{\"completion_id\":\"b\",\"id\":\"m\",\"t\":\"aaX\"}");
        kept_commit(k);
}

#define A  "{\"id\":\"a\",\"created\":1,\"t\":\"Stra\303\237e\"}\n"
#define B1 "{\"id\":\"b\",\"created\":2,\"t\":\"\303\204rger\"}\n"
#define B2 "{\"id\":\"b\",\"created\":2,\"t\":\"aaaaX\"}\n"
#define C  "{\"id\":\"c\",\"created\":3,\"t\":\"aaX\\n\"}\n"
#define B3 "{\"id\":\"b\",\"created\":2,\"t\":\"aaX\"}\n"

static void lines(void)
{
        static const struct {
                const char *pattern;
                bool ignore_case;
                int r;
                const char *out;
        } cases[] = {
                { "a+X", false, VERB_OK, B2 C B3 },
                { "a{4}X", false, VERB_OK, B2 },
                { "^.\"id\":\"c\".*\\}$", false, VERB_OK, C },
                { "\303\244rger", false, VERB_NOT, "" },
                { "\303\244RGER", true, VERB_OK, B1 },
                { "Stra.e", false, VERB_OK, A }, /* one character, two bytes */
                { "\\x{df}", false, VERB_OK, A },
                { "X\"\\}\n", false, VERB_NOT, "" }, /* the newline is none of the line's */
                { "zebra", false, VERB_NOT, "" },
                { "", false, VERB_OK, A B1 B2 C B3 },
        };

        for (enum packing p = 0; p < PACKINGS; p++) {
                struct args a;
                struct kept k;

                archive(&k, p);
                for (size_t i = 0; i < ELEMENTS(cases); i++) {
                        a = grep_args(cases[i].pattern, STREAM_COMPLETIONS);
                        a.ignore_case = cases[i].ignore_case;
                        CHECK(greps(&k, &a, cases[i].r, cases[i].out, NULL));
                }
                a = grep_args("aaX", STREAM_MESSAGES);
                CHECK(greps(&k, &a, VERB_OK,
                            "{\"completion_id\":\"b\",\"id\":\"m\",\"t\":\"aaX\"}\n", NULL));
                a = grep_args("aaX", STREAM_CHANGES);
                CHECK(greps(&k, &a, VERB_NOT, "", NULL));
                kept_drop(&k);
        }
}

static void counted(void)
{
        struct args a = grep_args("X", STREAM_COMPLETIONS);
        struct kept k;

        archive(&k, PACKING_ZSTD);
        a.count = true;
        CHECK(greps(&k, &a, VERB_OK, "3\n", NULL));
        a.filter.since = a.filter.until = 2;
        CHECK(greps(&k, &a, VERB_OK, "2\n", NULL));
        a.pattern = "zebra";
        CHECK(greps(&k, &a, VERB_NOT, "0\n", NULL));
        a = grep_args("", STREAM_COMPLETIONS);
        a.ids = true;
        CHECK(greps(&k, &a, VERB_OK, "a\nb\nc\nb\n", NULL));
        a.filter.until = 2;
        CHECK(greps(&k, &a, VERB_OK, "a\nb\n", NULL));
        a = grep_args("", STREAM_MESSAGES);
        a.ids = true;
        CHECK(greps(&k, &a, VERB_OK, "b\n", NULL));
        a.filter.since = 5; /* b is unknown to the catalog here, and not left out */
        CHECK(greps(&k, &a, VERB_OK, "b\n", NULL));
        kept_drop(&k);
}

static void senseless(void)
{
        struct args a = grep_args("ab(c", STREAM_COMPLETIONS);
        struct kept k;

        archive(&k, PACKING_ZSTD);
        CHECK(greps(&k, &a, VERB_USAGE, "", "at byte 5: missing closing parenthesis"));
        a.pattern = "\\C";
        CHECK(greps(&k, &a, VERB_USAGE, "", "makes no sense at byte 3"));
        a.pattern = "\xff";
        CHECK(greps(&k, &a, VERB_USAGE, "", "UTF-8"));
        kept_drop(&k);
        a.pattern = "x";
        CHECK(greps(&k, &a, VERB_NOT, "", "there is no archive"));
}

/* What would take ages ends, and says whose line it was; what was found before is there. */
static void costly(void)
{
        struct args a = grep_args("(a+)+\"!|\"id\":\"first", STREAM_COMPLETIONS);
        char line[4096] = "{\"id\":\"slow\",\"t\":\"";
        struct kept k;

        memset(line + strlen(line), 'a', 2000);
        strcat(line, "\"}");
        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"first\"}");
        kept_line(&k, STREAM_COMPLETIONS, line);
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"first, again\"}");
        kept_commit(&k);
        CHECK(greps(&k, &a, VERB_USAGE, "{\"id\":\"first\"}\n",
                    "completions of slow: the pattern costs too much here: "));
        kept_drop(&k);
}

/* Bytes that are no UTF-8 match nothing, and what is beside them does. */
static void no_utf8(void)
{
        struct args a = grep_args("aaX", STREAM_COMPLETIONS);
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"\xff\",\"t\":\"\xc3 aaX\"}");
        kept_commit(&k);
        CHECK(greps(&k, &a, VERB_OK, "{\"id\":\"\xff\",\"t\":\"\xc3 aaX\"}\n", NULL));
        a.pattern = "\xc3\xa4";
        CHECK(greps(&k, &a, VERB_NOT, "", NULL));
        a.pattern = "aaX";
        a.ids = true;
        CHECK(greps(&k, &a, VERB_OK, "\\xff\n", NULL));
        kept_drop(&k);
}

static void damaged(void)
{
        struct args a = grep_args("seed", STREAM_COMPLETIONS);
        struct kept k;
        struct said s;
        char *text;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        text = kept_slurp(&k, SEALED, &n);
        text[20] ^= 4;
        kept_write(&k, SEALED, text, n);
        free(text);
        SAY(&s, &k, grep_archive(&v, &a));
        CHECK(s.r == VERB_DAMAGED && strstr(s.err, "damaged: " SEALED ": offset 0: ") &&
              strstr(s.out, "chatcmpl-4") && strstr(s.out, "chatcmpl-8") &&
              !strstr(s.out, "chatcmpl-1"));
        said_done(&s);
        kept_drop(&k);
}

static void terminal(void)
{
        struct args a = grep_args("a+X|\302\233", STREAM_COMPLETIONS);
        struct kept k;
        struct said s;

        setenv("TERM", "xterm", 1);
        unsetenv("NO_COLOR");
        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"aX\",\"t\":\"\302\233aaX\177\"}");
        kept_commit(&k);
        SAY(&s, &k, (v.out_terminal = true, grep_archive(&v, &a)));
        CHECK(strstr(s.out, "m\\u009b\033["));
        CHECK(strstr(s.out, "maaX\033["));
        CHECK(strstr(s.out, "\\u007f\"}\n") && !strchr(s.out, '\177'));
        said_done(&s);
        a.pattern = "x*";
        SAY(&s, &k, (v.out_terminal = true, grep_archive(&v, &a)));
        CHECK(strcmp(s.out, "{\"id\":\"aX\",\"t\":\"\\u009baaX\\u007f\"}\n") == 0);
        said_done(&s);
        kept_drop(&k);
}

/* The pattern alone: what a line of many MB may cost. */
static int find_in(const char *pattern, const char *text, size_t n, size_t *start, size_t *end)
{
        struct matcher *m;
        struct pattern *p;
        struct err err = { .text = "" };
        int r;

        CHECK(pattern_new(pattern, false, &p, &err) == 0);
        m = matcher_new(p);
        r = matcher_find(m, text, n, 0, start, end, &err);
        CHECK(r >= 0 || strstr(err.text, "costs too much here"));
        matcher_free(m);
        pattern_free(p);
        return r;
}

static void long_text(void)
{
        size_t n = 20000000, start, end;
        char *text = mem_new(n);

        memset(text, 'x', n);
        text[n - 1] = 'y';
        CHECK(find_in("y", text, n, &start, &end) == 1 && start == n - 1 && end == n);
        CHECK(find_in(".*y", text, n, &start, &end) == 1 && start == 0 && end == n);
        CHECK(find_in("(?<=xx)y", text, n, &start, &end) == 1 && start == n - 1);
        CHECK(find_in("^y|y$", text, n, &start, &end) == 1 && start == n - 1);
        CHECK(find_in("z", text, n, &start, &end) == 0);
        CHECK(find_in("^z", text, n, &start, &end) == 0);
        for (size_t at = 1000; at < 5000; at += 7) { /* over every border */
                memset(text, 'x', 6000);
                memcpy(text + at, "\303\244y", 3);
                CHECK(find_in("\303\244+y", text, 6000, &start, &end) == 1 && start == at &&
                      end == at + 3);
                CHECK(find_in("(?<=\303\244)y", text, 6000, &start, &end) == 1 && start == at + 2);
        }
        memset(text, 'x', n);
        CHECK(find_in("(x|xx)*[yz]", text, n, &start, &end) < 0);
        CHECK(find_in("x*x*x*[yz]", text, 30000, &start, &end) < 0); /* a power of its length */
        CHECK(find_in("x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?x?[yz]", text,
                      3000, &start, &end) < 0);
        for (size_t i = 0; i < n; i += 22) /* each of these is just cheap enough */
                text[i] = '!';
        CHECK(find_in("(x+x+)+[yz]", text, n, &start, &end) < 0);
        free(text);
}

int main(void)
{
        RUN(lines, "lines that match are shown whole, in each packing");
        RUN(counted, "lines are counted, ids are told once a run");
        RUN(senseless, "a pattern that makes no sense is told, and where");
        RUN(costly, "a pattern that costs too much names the line and ends");
        RUN(no_utf8, "bytes that are no UTF-8 do not matter");
        RUN(damaged, "of a damaged archive what is whole is searched");
        RUN(terminal, "on a terminal matches are coloured, and nothing is raw");
        RUN(long_text, "long texts are searched, and what would take ages ends");
        return tap_end();
}
