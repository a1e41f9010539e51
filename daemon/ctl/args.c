#include "ctl/args.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/status.h"

#include <string.h>

static const struct {
        const char *name;
        enum args_verb verb;
} verbs[] = {
        { "status", ARGS_STATUS },
        { "verify", ARGS_VERIFY },
        { "cat", ARGS_CAT },
};

static const struct option {
        const char *name;
        bool valued;
        enum args_verb verb; /* the one that takes it; ARGS_NONE: any */
} options[] = {
        { "directory", true, ARGS_NONE }, { "help", false, ARGS_NONE },
        { "version", false, ARGS_NONE },  { "quick", false, ARGS_VERIFY },
        { "json", false, ARGS_STATUS },   { "max-age", true, ARGS_STATUS },
};

static int take_option(struct args *a, const char *name, const char *value, struct err *e)
{
        if (strcmp(name, "directory") == 0)
                a->directory = value;
        else if (strcmp(name, "quick") == 0)
                a->quick = true;
        else if (strcmp(name, "json") == 0)
                a->json = true;
        else if (strcmp(name, "max-age") == 0 && text_span(value, &a->max_age) < 0)
                return err_set(e, ERR_CONFIG, "--max-age= takes a time such as 36h or 2d, not '%s'",
                               value);
        return 0;
}

/* Verbs, and what follows them. */
static int take_word(struct args *a, const char *word, bool *stream_given, struct err *e)
{
        if (a->verb == ARGS_NONE) {
                for (size_t i = 0; i < ELEMENTS(verbs); i++)
                        if (strcmp(verbs[i].name, word) == 0)
                                a->verb = verbs[i].verb;
                if (a->verb == ARGS_NONE)
                        return err_set(e, ERR_CONFIG, "there is no verb '%s'", word);
                return 0;
        }
        if (a->verb != ARGS_CAT || *stream_given)
                return err_set(e, ERR_CONFIG, "there is no place for '%s'", word);
        if (stream_parse(word, strlen(word), &a->stream) < 0)
                return err_set(e, ERR_CONFIG,
                               "there is no stream '%s'; there are completions, messages and "
                               "changes",
                               word);
        *stream_given = true;
        return 0;
}

static const struct option *find_option(const char *name, size_t n)
{
        for (size_t i = 0; i < ELEMENTS(options); i++)
                if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0)
                        return &options[i];
        return NULL;
}

/* What is said of an option must suit the verb, wherever it stands. */
static int check(const struct args *a, const bool given[static ELEMENTS(options)], struct err *e)
{
        if (a->verb == ARGS_NONE)
                return err_set(e, ERR_CONFIG, "a verb is needed: status, verify or cat");
        for (size_t i = 0; i < ELEMENTS(options); i++)
                if (given[i] && options[i].verb != ARGS_NONE && options[i].verb != a->verb)
                        return err_set(e, ERR_CONFIG, "this verb has no option --%s",
                                       options[i].name);
        return 0;
}

int args_parse(int argc, char *const argv[], struct args *ret, struct err *e)
{
        struct args a = { .max_age = STATUS_NO_AGE };
        bool given[ELEMENTS(options)] = { false }, stream_given = false;

        for (int i = 1; i < argc; i++) {
                const char *name = argv[i] + 2, *eq, *value;
                const struct option *o;

                if (strncmp(argv[i], "-", 1) != 0) {
                        if (take_word(&a, argv[i], &stream_given, e) < 0)
                                return -1;
                        continue;
                }
                eq = strchr(argv[i], '=');
                o = strncmp(argv[i], "--", 2) != 0
                            ? NULL
                            : find_option(name, eq ? (size_t)(eq - name) : strlen(name));
                if (!o)
                        return err_set(e, ERR_CONFIG, "there is no option '%s'", argv[i]);
                value = eq ? eq + 1 : NULL;
                if (o->valued && !eq && argv[i + 1] && argv[i + 1][0] != '-')
                        value = argv[++i];
                if (!o->valued && eq)
                        return err_set(e, ERR_CONFIG, "--%s takes no value", o->name);
                if (o->valued && (!value || !*value))
                        return err_set(e, ERR_CONFIG, "--%s= needs a value", o->name);
                given[o - options] = true;
                if (take_option(&a, o->name, value, e) < 0)
                        return -1;
        }
        for (size_t i = 0; i < ELEMENTS(options); i++) {
                if (given[i] && strcmp(options[i].name, "version") == 0)
                        a.verb = ARGS_VERSION;
                if (given[i] && strcmp(options[i].name, "help") == 0)
                        a.verb = ARGS_HELP;
        }
        if (a.verb != ARGS_HELP && a.verb != ARGS_VERSION && check(&a, given, e) < 0)
                return -1;
        *ret = a;
        return 0;
}

const char *args_usage(void)
{
        return "usage: chatarchivectl [--directory=DIR] status [--max-age=TIME] [--json] | "
               "verify [--quick] | cat [STREAM]";
}

const char *args_help(void)
{
        return "chatarchivectl reads an archive that chatarchived keeps. It never writes to it,\n"
               "and works beside the daemon, on a copy, and on a read-only disk.\n"
               "\n"
               "usage: chatarchivectl [--directory=DIR] VERB\n"
               "\n"
               "  status [--max-age=TIME] [--json]\n"
               "                    how much there is, the last walks, who is writing; exit 1 if\n"
               "                    the last complete full walk is older than TIME (36h, 2d)\n"
               "  verify [--quick]  prove that everything is there as the ledger says; --quick\n"
               "                    looks at the ledger and at the files' lengths only\n"
               "  cat [STREAM]      the records as JSON lines: completions (the default),\n"
               "                    messages or changes\n"
               "\n"
               "  --directory=DIR   the archive; if this is not given, the one that\n"
               "                    " SYSCONFDIR "/chatarchived/chatarchived.conf names\n"
               "  --version         print the version, end\n"
               "  --help            print this, end\n"
               "\n"
               "Exit status: 0 found or clean, 1 not, 2 usage, 3 the archive is damaged.\n"
               "\n"
               "See chatarchivectl(1), chatarchive(5), chatarchived(8).\n";
}
