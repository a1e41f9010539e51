#include "base/mem.h"
#include "ctl/args.h"
#include "ctl/cat.h"
#include "ctl/export.h"
#include "ctl/grep.h"
#include "ctl/head.h"
#include "ctl/list.h"
#include "ctl/reindex.h"
#include "ctl/report.h"
#include "ctl/showing.h"
#include "ctl/status.h"
#include "ctl/verify.h"
#include "ctl/walks.h"
#include "run/config.h"
#include "run/realtime.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* Where the daemon archives to, if nobody says where to look. */
static int find_directory(const struct args *a, struct config *config, struct verb *v,
                          struct err *e)
{
        const struct config_from from = { 0 };

        v->directory = a->directory;
        if (v->directory)
                return 0;
        if (config_load(&from, config, e) < 0)
                return err_wrap(e, "without --directory= the configuration is read");
        v->config = config;
        v->directory = config->directory;
        return 0;
}

static int run(struct verb *v, const struct args *a)
{
        switch (a->verb) {
        case ARGS_STATUS:
                return status_archive(v, a->max_age, a->output == ARGS_JSON);
        case ARGS_LIST:
                return list_archive(v, a);
        case ARGS_SHOW:
                return showing_archive(v, a);
        case ARGS_CAT:
                return cat_archive(v, a);
        case ARGS_GREP:
                return grep_archive(v, a);
        case ARGS_EXPORT:
                return export_archive(v, a);
        case ARGS_WALKS:
                return walks_archive(v, a);
        case ARGS_REPORT:
                return report_archive(v, a);
        case ARGS_VERIFY:
                return verify_archive(v, a);
        case ARGS_HEAD:
                return head_archive(v, a);
        case ARGS_REINDEX:
                return reindex_archive(v, a);
        case ARGS_VERSION:
                fputs("chatarchivectl " PACKAGE_VERSION "\n", v->out);
                return VERB_OK;
        case ARGS_NONE:
        case ARGS_HELP:
                break;
        }
        fputs(args_help(), v->out);
        return VERB_OK;
}

/* errno says nothing any more of a write that failed a while ago. */
static bool reader_is_gone(void)
{
        struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

        return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

/* What was written has to be there; that nobody wanted to read all of it is no failure. */
static int finish(int r)
{
        bool failed;

        errno = 0;
        failed = ferror(stdout) || fflush(stdout) != 0;

        if (failed && reader_is_gone())
                return r;
        if (!failed && close(STDOUT_FILENO) == 0)
                return r;
        fprintf(stderr, "chatarchivectl: cannot write the output%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        return r == VERB_OK ? VERB_NOT : r;
}

int main(int argc, char *argv[])
{
        const struct clock clock = realtime_clock();
        struct verb v = { .out = stdout, .err = stderr, .clock = &clock };
        struct config config = { 0 };
        struct args args;
        struct err err;
        int r;

        signal(SIGPIPE, SIG_IGN);
        setlocale(LC_CTYPE, "C.UTF-8"); /* records are UTF-8, whatever the person's language is */
        if (args_parse(argc, argv, clock_wall(&clock), &args, &err) < 0) {
                verb_fail(&v, &err);
                fprintf(stderr, "%s\n", args_usage());
                return VERB_USAGE;
        }
        if (args.verb != ARGS_HELP && args.verb != ARGS_VERSION &&
            find_directory(&args, &config, &v, &err) < 0) {
                verb_fail(&v, &err);
                return VERB_USAGE;
        }
        v.out_terminal = isatty(STDOUT_FILENO) == 1;
        v.err_terminal = isatty(STDERR_FILENO) == 1;
        r = finish(run(&v, &args));
        config_done(&config);
        return r;
}
