#include "run/options.h"
#include "base/mem.h"

#include <string.h>

/* Not getopt_long: it takes abbreviations, reorders argv, and words its own errors. */
enum value { NONE, MAYBE, NEEDED };

static const struct {
        const char *name;
        enum value value;
} known[] = {
        { "config", NEEDED }, { "directory", NEEDED },  { "base-url", NEEDED },
        { "once", MAYBE },    { "check-config", NONE }, { "version", NONE },
        { "help", NONE },
};

static int take_once(struct options *o, const char *value, struct err *e)
{
        enum options_job job = OPTIONS_ONCE_FULL;

        if (value && strcmp(value, "new") == 0)
                job = OPTIONS_ONCE_NEW;
        else if (value && strcmp(value, "full") != 0)
                return err_set(e, ERR_CONFIG, "--once= takes full or new");
        if (o->job <= OPTIONS_ONCE_NEW)
                o->job = job;
        return 0;
}

static int take(struct options *o, const char *name, const char *value, struct err *e)
{
        enum options_job job = OPTIONS_HELP;

        if (strcmp(name, "config") == 0)
                return o->config = value, 0;
        if (strcmp(name, "directory") == 0)
                return o->directory = value, 0;
        if (strcmp(name, "base-url") == 0)
                return o->base_url = value, 0;
        if (strcmp(name, "once") == 0)
                return take_once(o, value, e);

        if (strcmp(name, "check-config") == 0)
                job = OPTIONS_CHECK_CONFIG;
        else if (strcmp(name, "version") == 0)
                job = OPTIONS_VERSION;
        if (job > o->job)
                o->job = job;
        return 0;
}

/* The index in known[], or -1. */
static int find(const char *name, size_t n)
{
        for (size_t i = 0; i < ELEMENTS(known); i++) {
                if (strlen(known[i].name) == n && memcmp(known[i].name, name, n) == 0)
                        return (int)i;
        }
        return -1;
}

int options_parse(int argc, char *const argv[], struct options *ret, struct err *e)
{
        struct options o = { .job = OPTIONS_DAEMON };

        for (int i = 1; i < argc; i++) {
                const char *arg = argv[i], *name = arg + 2, *eq, *value = NULL;
                int k;

                if (strncmp(arg, "--", 2) != 0)
                        return err_set(e, ERR_CONFIG,
                                       "argument %d is no option, and there are only "
                                       "options",
                                       i);
                eq = strchr(name, '=');
                k = find(name, eq ? (size_t)(eq - name) : strlen(name));
                if (k < 0) /* what follows the name may be a key */
                        return err_set(e, ERR_CONFIG, "no option '%.*s' is known",
                                       (int)strcspn(arg, "="), arg);
                if (eq)
                        value = eq + 1;
                else if (known[k].value == NEEDED && argv[i + 1] &&
                         strncmp(argv[i + 1], "--", 2) != 0)
                        value = argv[++i];

                if (known[k].value == NONE && value)
                        return err_set(e, ERR_CONFIG, "--%s takes no value", known[k].name);
                if ((known[k].value == NEEDED && !value) || (value && !*value))
                        return err_set(e, ERR_CONFIG, "--%s= needs a value", known[k].name);
                if (take(&o, known[k].name, value, e) < 0)
                        return -1;
        }
        *ret = o;
        return 0;
}

const char *options_version(void)
{
        return "chatarchived " PACKAGE_VERSION;
}

const char *options_usage(void)
{
        return "usage: chatarchived [--config=FILE] [--directory=DIR] [--base-url=URL] "
               "[--once[=full|new]] [--check-config] [--version] [--help]";
}

const char *options_help(void)
{
        return "chatarchived keeps a complete, provable archive of an account's stored chat\n"
               "completions. Without --once it is a daemon that walks them periodically.\n"
               "\n"
               "usage: chatarchived [OPTION...]\n"
               "\n"
               "  --config=FILE      read this file and FILE.d/*.conf, not\n"
               "                     " SYSCONFDIR "/chatarchived/chatarchived.conf\n"
               "  --directory=DIR    the archive's directory; an empty one becomes a new archive\n"
               "  --base-url=URL     the API's base URL\n"
               "  --once[=full|new]  walk once (full by default), fetch all prompts, end\n"
               "  --check-config     read the configuration, say what is wrong with it, end\n"
               "  --version          print the version, end\n"
               "  --help             print this, end\n"
               "\n"
               "The API key: the credential api-key, else KeyFile=, else $OPENAI_API_KEY.\n"
               "From the environment too: OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID.\n"
               "\n"
               "Exit status with --once: 0 complete, 1 failed or incomplete, 2 usage or\n"
               "configuration, 3 archive damaged, 4 locked by another process.\n"
               "\n"
               "See chatarchived(8), chatarchived.conf(5), chatarchivectl(1).\n";
}
