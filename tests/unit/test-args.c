#include "ctl/args.h"
#include "ctl/status.h"
#include "tap.h"

#define WORDS_MAX 24
#define NOW       ((usec_t)1793664000 * USEC_PER_SEC) /* 2026-11-03 00:00 UTC */
#define HASH      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *line, struct args *a, struct err *e)
{
        static char text[1024];
        char *argv[WORDS_MAX + 2] = { "chatarchivectl" }, *save = NULL;
        int n = 1;

        snprintf(text, sizeof(text), "%s", line);
        for (char *word = strtok_r(text, " ", &save); word && n <= WORDS_MAX;
             word = strtok_r(NULL, " ", &save))
                argv[n++] = word;
        return args_parse(n, argv, NOW, a, e);
}

static struct args parsed(const char *line)
{
        struct args a;
        struct err e;

        memset(&a, 0xff, sizeof(a));
        if (!CHECK(parse(line, &a, &e) == 0))
                printf("# %s: %s\n", line, e.text);
        return a;
}

static void verbs(void)
{
        static const char *const names[] = {
                [ARGS_STATUS] = "status", [ARGS_LIST] = "list",       [ARGS_SHOW] = "show id",
                [ARGS_CAT] = "cat",       [ARGS_GREP] = "grep x",     [ARGS_EXPORT] = "export",
                [ARGS_WALKS] = "walks",   [ARGS_REPORT] = "report",   [ARGS_VERIFY] = "verify",
                [ARGS_HEAD] = "head",     [ARGS_REINDEX] = "reindex",
        };

        for (size_t i = ARGS_STATUS; i <= ARGS_REINDEX; i++) {
                struct args a = parsed(names[i]);
                char line[128];

                CHECK(a.verb == i && !a.directory && !a.no_pager && a.output == ARGS_SHORT &&
                      a.max_age == STATUS_NO_AGE && !a.quick && !a.of && !a.head_seq &&
                      !a.head_hash && !a.jobs && a.stream == STREAM_COMPLETIONS && !a.latest &&
                      !a.reverse && !a.version && !a.ignore_case && !a.count && !a.ids);
                CHECK(a.filter.since == INT64_MIN && a.filter.until == INT64_MAX &&
                      !a.filter.model && !a.filter.n_metadata && !a.filter.gone &&
                      !a.filter.changed && !a.filter.limit);
                snprintf(line, sizeof(line), "--no-pager %s -D /x", names[i]);
                a = parsed(line);
                CHECK(a.verb == i && a.no_pager && strcmp(a.directory, "/x") == 0);
        }
}

static void good(void)
{
        struct args a;

        CHECK(parsed("verify --quick").quick);
        a = parsed("--directory=/x verify --quick");
        CHECK(a.quick && strcmp(a.directory, "/x") == 0);
        a = parsed("--directory /x --quick verify");
        CHECK(a.quick && strcmp(a.directory, "/x") == 0);
        CHECK(strcmp(parsed("list -D/y").directory, "/y") == 0);
        CHECK(parsed("status --json --max-age=36h").max_age == 36 * USEC_PER_HOUR);
        CHECK(parsed("status --max-age 0").max_age == 0);
        CHECK(parsed("status --json").output == ARGS_JSON);
        CHECK(parsed("list -o json").output == ARGS_JSON);
        CHECK(parsed("list -ocat").output == ARGS_BARE);
        CHECK(parsed("list --json --output=short").output == ARGS_SHORT);
        CHECK(parsed("cat changes --directory=/x").stream == STREAM_CHANGES);
        CHECK(parsed("cat --latest messages -j2").jobs == 2);
        a = parsed("verify --sample=3/7 --jobs=1");
        CHECK(a.sample == 3 && a.of == 7 && a.jobs == 1);
        a = parsed("verify --head=12:" HASH);
        CHECK(a.head_seq == 12 && strcmp(a.head_hash, HASH) == 0);
        a = parsed("verify --head=12:" HASH " --quick");
        CHECK(a.head_seq == 12 && a.quick);
}

static void filters(void)
{
        struct args a = parsed("list -S 2026-11-01Z -U @1793664000.9 --model gpt-4* -n 5 -r");

        CHECK(a.filter.since == 1793491200 && a.filter.until == 1793664000);
        CHECK(strcmp(a.filter.model, "gpt-4*") == 0 && a.filter.limit == 5 && a.reverse);
        CHECK(parsed("list --since=@10.000001").filter.since == 11);
        CHECK(parsed("list --since -7d").filter.since == 1793664000 - 7 * 86400);
        CHECK(parsed("list -S -7d").filter.since == 1793664000 - 7 * 86400);
        CHECK(parsed("list -n5").filter.limit == 5);
        CHECK(parsed("walks -rn5").filter.limit == 5);
        a = parsed("export --metadata=a=b --metadata c= --gone --changed");
        CHECK(a.filter.n_metadata == 2 && strcmp(a.filter.metadata[0], "a=b") == 0 &&
              strcmp(a.filter.metadata[1], "c=") == 0 && a.filter.gone && a.filter.changed);
}

static void words(void)
{
        struct args a = parsed("show chatcmpl-1");

        CHECK(a.id && strcmp(a.id, "chatcmpl-1") == 0 && a.version == 0);
        a = parsed("show --version=2 -- -n");
        CHECK(strcmp(a.id, "-n") == 0 && a.version == 2);
        CHECK(strcmp(parsed("show -o cat --no-pager -- --json").id, "--json") == 0);
        a = parsed("grep -ic x|y messages");
        CHECK(strcmp(a.pattern, "x|y") == 0 && a.stream == STREAM_MESSAGES && a.ignore_case &&
              a.count && !a.ids);
        a = parsed("grep --ids -- -x changes");
        CHECK(strcmp(a.pattern, "-x") == 0 && a.stream == STREAM_CHANGES && a.ids);
        CHECK(strcmp(parsed("grep messages").pattern, "messages") == 0);
}

static void wins(void)
{
        CHECK(parsed("--version").verb == ARGS_VERSION);
        CHECK(parsed("show --version x").verb == ARGS_VERSION);
        CHECK(parsed("cat --help").verb == ARGS_HELP);
        CHECK(parsed("-h").verb == ARGS_HELP);
        CHECK(parsed("list -rh").verb == ARGS_HELP);
        CHECK(parsed("--version --help --quick").verb == ARGS_HELP);
}

static void bad(void)
{
        static const char *const lines[] = {
                "",
                "--directory=/x",
                "verfiy",
                "help",
                "verify x",
                "verify --json",
                "verify --quick=yes",
                "--quick status",
                "status --max-age",
                "status --max-age=",
                "status --max-age=soon",
                "status --max-age --json",
                "status -o cat",
                "verify --directory",
                "verify --directory=",
                "verify -D",
                "verify -j",
                "verify -j0",
                "verify -j257",
                "verify -j2x",
                "verify --sample=0/7",
                "verify --sample=8/7",
                "verify --sample=3",
                "verify --sample=3/",
                "verify --sample=-1/3",
                "verify --sample=1/1000001",
                "verify --sample=1/2 --quick",
                "verify --head=" HASH,
                "verify --head=0:" HASH,
                "verify --head=1:" HASH "0",
                "verify --head=1:0123",
                "verify --head=1:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
                "verify --since=today",
                "verify -r",
                "verify --version=1",
                "cat prompts",
                "cat messages changes",
                "cat -v",
                "cat --quick",
                "cat --json",
                "cat -n 5",
                "verify --quic",
                "-",
                "--",
                "--help=x",
                "--version=",
                "show",
                "show --",
                "show a b",
                "show a --version=0",
                "show a --version=x",
                "show a --version=1 --gone",
                "grep",
                "grep x prompts",
                "grep x messages changes",
                "grep x --count --ids",
                "grep x --model=y",
                "grep x -n 5",
                "walks --since=today",
                "head --json",
                "list x",
                "list -o html",
                "list -o",
                "list --since=sometime",
                "list --until=",
                "list --since=@10 --until=@9",
                "list --metadata=x",
                "list --limit=0",
                "list -n -1",
                "list -n 1.5",
                "list -rx",
                "list --latest",
                "export --json",
                "export -r",
                "list --metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b "
                "--metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b "
                "--metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b --metadata=a=b "
                "--metadata=a=b --metadata=a=b",
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
                if (!CHECK(strcspn(p, "\n") <= 80))
                        printf("# %.*s\n", (int)strcspn(p, "\n"), p);
        CHECK(strlen(args_usage()) <= 80);
}

int main(void)
{
        RUN(verbs, "every verb is taken, with the options of all, and nothing else is set");
        RUN(good, "options stand before or behind their verb, long or short");
        RUN(filters, "which records are meant: times, model, metadata, how many");
        RUN(words, "ids and patterns are words, whatever they begin with behind --");
        RUN(wins, "--help and --version win over what is missing");
        RUN(bad, "whatever makes no sense is refused");
        RUN(told, "the help fits a terminal");
        return tap_end();
}
