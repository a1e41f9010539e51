#include "ctl/args.h"
#include "ctl/status.h"
#include "tap.h"

#define WORDS_MAX 8

static int parse(const char *line, struct args *a, struct err *e)
{
        static char text[256];
        char *argv[WORDS_MAX + 2] = { "chatarchivectl" }, *save = NULL;
        int n = 1;

        snprintf(text, sizeof(text), "%s", line);
        for (char *word = strtok_r(text, " ", &save); word && n <= WORDS_MAX;
             word = strtok_r(NULL, " ", &save))
                argv[n++] = word;
        return args_parse(n, argv, a, e);
}

static void good(void)
{
        struct args a;
        struct err e;

        CHECK(parse("verify", &a, &e) == 0 && a.verb == ARGS_VERIFY && !a.quick);
        CHECK(a.directory == NULL);
        CHECK(parse("--directory=/x verify --quick", &a, &e) == 0 && a.quick);
        CHECK(strcmp(a.directory, "/x") == 0);
        CHECK(parse("--directory /x --quick verify", &a, &e) == 0 && a.quick);
        CHECK(strcmp(a.directory, "/x") == 0);
        CHECK(parse("status", &a, &e) == 0 && a.verb == ARGS_STATUS && !a.json &&
              a.max_age == STATUS_NO_AGE);
        CHECK(parse("status --json --max-age=36h", &a, &e) == 0 && a.json &&
              a.max_age == 36 * USEC_PER_HOUR);
        CHECK(parse("status --max-age 0", &a, &e) == 0 && a.max_age == 0);
        CHECK(parse("cat", &a, &e) == 0 && a.verb == ARGS_CAT && a.stream == STREAM_COMPLETIONS);
        CHECK(parse("cat changes --directory=/x", &a, &e) == 0 && a.stream == STREAM_CHANGES);
        CHECK(parse("--version", &a, &e) == 0 && a.verb == ARGS_VERSION);
        CHECK(parse("cat --help", &a, &e) == 0 && a.verb == ARGS_HELP);
}

static void bad(void)
{
        static const char *const lines[] = {
                "",
                "--directory=/x",
                "verfiy",
                "verify x",
                "verify --json",
                "verify --quick=yes",
                "--quick status",
                "status --max-age",
                "status --max-age=",
                "status --max-age=soon",
                "status --max-age --json",
                "verify --directory",
                "verify --directory=",
                "cat prompts",
                "cat messages changes",
                "cat -v",
                "cat --quick",
                "verify --quic",
                "-h",
                "--",
                "--help=x",
        };

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                struct args a;
                struct err e = { .kind = ERR_NONE };

                if (!CHECK(parse(lines[i], &a, &e) < 0 && e.kind == ERR_CONFIG && *e.text))
                        printf("# %s\n", lines[i]);
        }
}

static void told(void)
{
        CHECK(strstr(args_help(), SYSCONFDIR "/chatarchived/chatarchived.conf"));
        for (const char *p = args_help(); *p; p = strchr(p, '\n') + 1)
                CHECK(strcspn(p, "\n") <= 80);
}

int main(void)
{
        RUN(good, "options stand before or behind their verb");
        RUN(bad, "whatever makes no sense is refused");
        RUN(told, "the help fits a terminal");
        return tap_end();
}
