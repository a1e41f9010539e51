#include "tap.h"
#include "base/mem.h"
#include "run/options.h"

#define PARSE(o, e, ...)                                               \
        options_parse((int)ELEMENTS(((char *[]){ "x", __VA_ARGS__ })), \
                      (char *[]){ "x", __VA_ARGS__, NULL }, o, e)

static void jobs(void)
{
        struct options o;
        struct err e;

        CHECK(options_parse(1, (char *[]){ "x", NULL }, &o, &e) == 0 && o.job == OPTIONS_DAEMON);
        CHECK(!o.config && !o.directory && !o.base_url);
        CHECK(PARSE(&o, &e, "--once") == 0 && o.job == OPTIONS_ONCE_FULL);
        CHECK(PARSE(&o, &e, "--once=full") == 0 && o.job == OPTIONS_ONCE_FULL);
        CHECK(PARSE(&o, &e, "--once=new") == 0 && o.job == OPTIONS_ONCE_NEW);
        CHECK(PARSE(&o, &e, "--once=new", "--once") == 0 && o.job == OPTIONS_ONCE_FULL);
        CHECK(PARSE(&o, &e, "--once", "--check-config") == 0 && o.job == OPTIONS_CHECK_CONFIG);
        CHECK(PARSE(&o, &e, "--check-config", "--once") == 0 && o.job == OPTIONS_CHECK_CONFIG);
        CHECK(PARSE(&o, &e, "--version", "--once") == 0 && o.job == OPTIONS_VERSION);
        CHECK(PARSE(&o, &e, "--help", "--version") == 0 && o.job == OPTIONS_HELP);
}

static void values(void)
{
        struct options o;
        struct err e;

        CHECK(PARSE(&o, &e, "--config=a=b", "--directory", "d", "--base-url=http://[::1]/") == 0);
        CHECK(strcmp(o.config, "a=b") == 0 && strcmp(o.directory, "d") == 0);
        CHECK(strcmp(o.base_url, "http://[::1]/") == 0 && o.job == OPTIONS_DAEMON);
        CHECK(PARSE(&o, &e, "--config", "-", "--config=last") == 0);
        CHECK(strcmp(o.config, "last") == 0);
}

static void refuses(void)
{
        static char *const bad[][3] = {
                { "--config" },
                { "--config=" },
                { "--directory", "--once" },
                { "--base-url", "" },
                { "--directory=" },
                { "--once=" },
                { "--once=all" },
                { "--once", "full" },
                { "--once=FULL" },
                { "--conf=x" },
                { "--o" },
                { "--check" },
                { "--help=yes" },
                { "--version=1" },
                { "--check-config=x" },
                { "-h" },
                { "-V" },
                { "archive" },
                { "" },
                { "-" },
                { "--" },
                { "--api-key=x" },
                { "--Config=x" },
                { "--once", "--bogus" },
                { "--=x" },
                { "--config x" },
                { "--help", "x" },
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char *argv[] = { "x", bad[i][0], bad[i][1], NULL };
                struct options o = { .config = "untouched" };
                struct err e = { 0 };

                if (!CHECK(options_parse(bad[i][1] ? 3 : 2, argv, &o, &e) == -1 &&
                           e.kind == ERR_CONFIG && *e.text && strcmp(o.config, "untouched") == 0))
                        printf("# %s %s\n", bad[i][0], bad[i][1] ? bad[i][1] : "");
        }
}

static void secrets(void)
{
        struct options o;
        struct err e;

        CHECK(PARSE(&o, &e, "--api-key=sk-secret") == -1 && !strstr(e.text, "sk-"));
        CHECK(strstr(e.text, "--api-key"));
        CHECK(PARSE(&o, &e, "sk-secret") == -1 && !strstr(e.text, "sk-"));
        CHECK(PARSE(&o, &e, "--once=sk-secret") == -1 && !strstr(e.text, "sk-"));
        CHECK(PARSE(&o, &e, "--help=sk-secret") == -1 && !strstr(e.text, "sk-"));
}

static void texts(void)
{
        static const char *const names[] = { "--config=FILE",  "--directory=DIR",
                                             "--base-url=URL", "--once[=full|new]",
                                             "--check-config", "--version",
                                             "--help" };
        const char *line = options_help(), *end;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char bracketed[32];

                snprintf(bracketed, sizeof(bracketed), "[%s]", names[i]);
                CHECK(strstr(options_usage(), bracketed) && strstr(options_help(), names[i]));
        }
        for (; *line; line = end + 1) {
                end = strchr(line, '\n');
                if (!CHECK(end && (end - line <= 80 || strstr(line, SYSCONFDIR "/"))))
                        break;
        }
        CHECK(strcmp(options_version(), "chatarchived " PACKAGE_VERSION) == 0);
}

int main(void)
{
        RUN(jobs, "the command line names one job");
        RUN(values, "a value follows its option by = or as the next argument");
        RUN(refuses, "abbreviations, arguments, missing and needless values are refused");
        RUN(secrets, "a key on the command line is not shown");
        RUN(texts, "the help names every option in lines of 80 columns");
        return tap_end();
}
