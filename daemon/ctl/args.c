#include "ctl/args.h"
#include "base/mem.h"
#include "ctl/args_options.h"
#include "ctl/status.h"

#include <string.h>

static const struct {
        const char *name;
        enum args_verb verb;
} verbs[] = {
        { "status", ARGS_STATUS }, { "list", ARGS_LIST },       { "show", ARGS_SHOW },
        { "cat", ARGS_CAT },       { "grep", ARGS_GREP },       { "export", ARGS_EXPORT },
        { "walks", ARGS_WALKS },   { "report", ARGS_REPORT },   { "verify", ARGS_VERIFY },
        { "head", ARGS_HEAD },     { "reindex", ARGS_REINDEX },
};

struct parse {
        int argc;
        char *const *argv;
        int at; /* the word in hand */
        usec_t now;
        struct args a;
        bool only_words, stream_given, version, help;
        const struct args_option *given[ARGS_OPTIONS_MAX]; /* each once */
        size_t n_given;
};

static int take_verb(struct parse *p, const char *word, struct err *e)
{
        for (size_t i = 0; i < ELEMENTS(verbs); i++)
                if (strcmp(verbs[i].name, word) == 0)
                        p->a.verb = verbs[i].verb;
        if (p->a.verb == ARGS_NONE)
                return err_set(e, ERR_CONFIG, "there is no verb '%s'", word);
        return 0;
}

static int take_stream(struct parse *p, const char *word, struct err *e)
{
        if (stream_parse(word, strlen(word), &p->a.stream) < 0)
                return err_set(e, ERR_CONFIG,
                               "there is no stream '%s'; there are completions, messages and "
                               "changes",
                               word);
        p->stream_given = true;
        return 0;
}

/* Verbs, and what follows them. */
static int take_word(struct parse *p, const char *word, struct err *e)
{
        struct args *a = &p->a;

        if (a->verb == ARGS_NONE)
                return take_verb(p, word, e);
        if (a->verb == ARGS_SHOW && !a->id) {
                a->id = word;
                return 0;
        }
        if (a->verb == ARGS_GREP && !a->pattern) {
                a->pattern = word;
                return 0;
        }
        if ((a->verb == ARGS_CAT || a->verb == ARGS_GREP) && !p->stream_given)
                return take_stream(p, word, e);
        return err_set(e, ERR_CONFIG, "there is no place for '%s'", word);
}

/* text: the option as it was written, for a message. value: NULL if it has none. */
static int take_option(struct parse *p, const struct args_option *o, const char *text,
                       const char *value, struct err *e)
{
        size_t i = 0;

        if (o->valued && (!value || !*value))
                return err_set(e, ERR_CONFIG, "%s needs a value", text);
        while (i < p->n_given && p->given[i] != o)
                i++;
        if (i == p->n_given)
                p->given[p->n_given++] = o;
        if (o->take)
                return o->take(&p->a, value, p->now, e);
        *(bool *)((char *)&p->a + o->flag) = true;
        return 0;
}

/* The next word as an option's value; one that looks like a long option is none. */
static const char *next_value(struct parse *p)
{
        if (p->at + 1 >= p->argc || strncmp(p->argv[p->at + 1], "--", 2) == 0)
                return NULL;
        return p->argv[++p->at];
}

static int take_long(struct parse *p, const char *text, struct err *e)
{
        const char *name = text + 2, *eq = strchr(name, '=');
        size_t n = eq ? (size_t)(eq - name) : strlen(name);
        const struct args_option *o;
        char shown[32];

        /* The program's version; a record's has its number behind a '='. */
        p->version |= strcmp(name, "version") == 0;
        p->help |= strcmp(name, "help") == 0;
        if (strcmp(name, "version") == 0 || strcmp(name, "help") == 0)
                return 0;
        o = args_option_long(name, n);
        if (!o)
                return err_set(e, ERR_CONFIG, "there is no option '%s'", text);
        if (!o->valued && eq)
                return err_set(e, ERR_CONFIG, "--%s takes no value", o->name);
        snprintf(shown, sizeof(shown), "--%s=", o->name);
        return take_option(p, o, shown, eq ? eq + 1 : o->valued ? next_value(p) : NULL, e);
}

/* "-r", "-ic", "-n5", "-n 5" */
static int take_short(struct parse *p, const char *text, struct err *e)
{
        for (const char *c = text + 1; *c; c++) {
                const struct args_option *o = args_option_short(*c);
                const char shown[] = { '-', *c, '\0' };

                p->help |= *c == 'h';
                if (*c == 'h')
                        continue;
                if (!o)
                        return err_set(e, ERR_CONFIG, "there is no option '%s'", text);
                if (o->valued)
                        return take_option(p, o, shown, c[1] ? c + 1 : next_value(p), e);
                if (take_option(p, o, shown, NULL, e) < 0)
                        return -1;
        }
        return 0;
}

static int take(struct parse *p, const char *text, struct err *e)
{
        if (p->only_words || text[0] != '-')
                return take_word(p, text, e);
        if (strcmp(text, "--") == 0) {
                p->only_words = true;
                return 0;
        }
        if (strncmp(text, "--", 2) == 0)
                return take_long(p, text, e);
        if (!text[1])
                return err_set(e, ERR_CONFIG, "there is no option '-'");
        return take_short(p, text, e);
}

/* What is said of an option must suit the verb, wherever it stands. */
static int check_options(const struct parse *p, struct err *e)
{
        const struct args *a = &p->a;

        for (size_t i = 0; i < p->n_given; i++)
                if (!(p->given[i]->verbs & ARGS_BIT(a->verb)))
                        return err_set(e, ERR_CONFIG, "this verb has no option --%s",
                                       p->given[i]->name);
        if (a->output == ARGS_BARE && a->verb == ARGS_STATUS)
                return err_set(e, ERR_CONFIG, "status has no output 'cat'");
        if (a->filter.since > a->filter.until)
                return err_set(e, ERR_CONFIG, "--since= is later than --until=");
        if (a->of && a->quick)
                return err_set(e, ERR_CONFIG,
                               "--quick reads no records: there is nothing to take "
                               "a sample of");
        if (a->count && a->ids)
                return err_set(e, ERR_CONFIG, "--count and --ids exclude each other");
        return 0;
}

static int check(const struct parse *p, struct err *e)
{
        const struct args *a = &p->a;

        if (a->verb == ARGS_NONE)
                return err_set(e, ERR_CONFIG,
                               "a verb is needed: status, list, show, cat, grep, "
                               "export, walks, report, verify, head or reindex");
        if (a->verb == ARGS_SHOW && (!a->id || !*a->id))
                return err_set(e, ERR_CONFIG, "show needs the id of a completion");
        if (a->verb == ARGS_GREP && !a->pattern)
                return err_set(e, ERR_CONFIG, "grep needs a pattern");
        return check_options(p, e);
}

int args_parse(int argc, char *const argv[], usec_t now, struct args *ret, struct err *e)
{
        struct parse p = { .argc = argc,
                           .argv = argv,
                           .now = now,
                           .a = { .max_age = STATUS_NO_AGE, .filter = FILTER_ALL } };

        for (p.at = 1; p.at < argc; p.at++)
                if (take(&p, argv[p.at], e) < 0)
                        return -1;
        if (p.version)
                p.a.verb = ARGS_VERSION;
        if (p.help)
                p.a.verb = ARGS_HELP;
        if (p.a.verb != ARGS_HELP && p.a.verb != ARGS_VERSION && check(&p, e) < 0)
                return -1;
        *ret = p.a;
        return 0;
}
