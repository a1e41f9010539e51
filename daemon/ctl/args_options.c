#include "ctl/args_options.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/when.h"

#include <stddef.h>
#include <string.h>

#define JOBS_MAX   256 /* more threads than that are a typing error */
#define SAMPLE_MAX 1000000

static int take_directory(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)now, (void)e;
        a->directory = value;
        return 0;
}

static int take_output(struct args *a, const char *value, usec_t now, struct err *e)
{
        static const char *const names[] = { "short", "json", "cat" };

        (void)now;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                if (strcmp(names[i], value) == 0) {
                        a->output = (enum args_output)i;
                        return 0;
                }
        }
        return err_set(e, ERR_CONFIG, "there is no output '%s'; there are short, json and cat",
                       value);
}

static int take_json(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)value, (void)now, (void)e;
        a->output = ARGS_JSON;
        return 0;
}

static int moment(const char *option, const char *value, usec_t now, usec_t *ret, struct err *e)
{
        if (when_parse(value, now, ret) < 0)
                return err_set(e, ERR_CONFIG,
                               "%s takes a time such as 2026-11-01, yesterday, '2026-11-01 08:30' "
                               "or -7d, not '%s'",
                               option, value);
        return 0;
}

/* Records know whole seconds: the first one that is not before, the last one that is not after. */
static int take_since(struct args *a, const char *value, usec_t now, struct err *e)
{
        usec_t t;

        if (moment("--since=", value, now, &t, e) < 0)
                return -1;
        a->filter.since = (t + USEC_PER_SEC - 1) / USEC_PER_SEC;
        return 0;
}

static int take_until(struct args *a, const char *value, usec_t now, struct err *e)
{
        usec_t t;

        if (moment("--until=", value, now, &t, e) < 0)
                return -1;
        a->filter.until = t / USEC_PER_SEC;
        return 0;
}

static int take_model(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)now, (void)e;
        a->filter.model = value;
        return 0;
}

static int take_metadata(struct args *a, const char *value, usec_t now, struct err *e)
{
        struct filter *f = &a->filter;

        (void)now;
        if (!strchr(value, '='))
                return err_set(e, ERR_CONFIG, "--metadata= takes KEY=VALUE, not '%s'", value);
        if (f->n_metadata == FILTER_METADATA_MAX)
                return err_set(e, ERR_CONFIG,
                               "there are at most %d --metadata=", FILTER_METADATA_MAX);
        f->metadata[f->n_metadata++] = value;
        return 0;
}

/* A whole number from 1 to max. */
static int number(const char *option, const char *value, size_t n, int64_t max, uint64_t *ret,
                  struct err *e)
{
        int64_t v;

        if (text_int64(value, n, &v) < 0 || v < 1 || v > max)
                return err_set(e, ERR_CONFIG, "%s takes a number from 1 on, not '%s'", option,
                               value);
        *ret = (uint64_t)v;
        return 0;
}

static int take_limit(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)now;
        return number("--limit=", value, strlen(value), INT64_MAX, &a->filter.limit, e);
}

static int take_version(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)now;
        return number("--version=", value, strlen(value), INT64_MAX, &a->version, e);
}

static int take_jobs(struct args *a, const char *value, usec_t now, struct err *e)
{
        uint64_t v = 0;

        (void)now;
        if (number("--jobs=", value, strlen(value), JOBS_MAX, &v, e) < 0)
                return -1;
        a->jobs = (unsigned)v;
        return 0;
}

static int take_sample(struct args *a, const char *value, usec_t now, struct err *e)
{
        const char *slash = strchr(value, '/');
        int64_t part, of;

        (void)now;
        if (!slash || text_int64(value, (size_t)(slash - value), &part) < 0 ||
            text_int64(slash + 1, strlen(slash + 1), &of) < 0 || part < 1 || part > of ||
            of > SAMPLE_MAX)
                return err_set(e, ERR_CONFIG,
                               "--sample= takes a part such as 3/7, the third of seven, not '%s'",
                               value);
        a->sample = (uint64_t)part;
        a->of = (uint64_t)of;
        return 0;
}

static int take_head(struct args *a, const char *value, usec_t now, struct err *e)
{
        const char *colon = strchr(value, ':');
        int64_t seq;

        (void)now;
        if (!colon || text_int64(value, (size_t)(colon - value), &seq) < 0 || seq < 1 ||
            strlen(colon + 1) != 64 || strspn(colon + 1, "0123456789abcdef") != 64)
                return err_set(e, ERR_CONFIG,
                               "--head= takes what the verb head prints, SEQ:HASH with 64 "
                               "hexadecimal digits, not '%s'",
                               value);
        a->head_seq = (uint64_t)seq;
        a->head_hash = colon + 1;
        return 0;
}

static int take_max_age(struct args *a, const char *value, usec_t now, struct err *e)
{
        (void)now;
        if (text_span(value, &a->max_age) < 0)
                return err_set(e, ERR_CONFIG, "--max-age= takes a time such as 36h or 2d, not '%s'",
                               value);
        return 0;
}

enum {
        STATUS = ARGS_BIT(ARGS_STATUS),
        LIST = ARGS_BIT(ARGS_LIST),
        SHOW = ARGS_BIT(ARGS_SHOW),
        CAT = ARGS_BIT(ARGS_CAT),
        GREP = ARGS_BIT(ARGS_GREP),
        EXPORT = ARGS_BIT(ARGS_EXPORT),
        WALKS = ARGS_BIT(ARGS_WALKS),
        REPORT = ARGS_BIT(ARGS_REPORT),
        VERIFY = ARGS_BIT(ARGS_VERIFY),
        ANY = -1,
};

#define FLAG(member) .flag = offsetof(struct args, member)
#define VALUE(fn)    .valued = true, .take = (fn)

static const struct args_option options[] = {
        { "directory", 'D', (unsigned)ANY, VALUE(take_directory) },
        { "output", 'o', STATUS | LIST | SHOW | WALKS, VALUE(take_output) },
        { "json", 0, STATUS | LIST | SHOW | WALKS, .take = take_json },
        { "since", 'S', LIST | CAT | GREP | EXPORT, VALUE(take_since) },
        { "until", 'U', LIST | CAT | GREP | EXPORT, VALUE(take_until) },
        { "model", 0, LIST | EXPORT, VALUE(take_model) },
        { "metadata", 0, LIST | EXPORT, VALUE(take_metadata) },
        { "gone", 0, LIST | EXPORT, FLAG(filter.gone) },
        { "changed", 0, LIST | EXPORT, FLAG(filter.changed) },
        { "limit", 'n', LIST | EXPORT | WALKS, VALUE(take_limit) },
        { "reverse", 'r', LIST | WALKS, FLAG(reverse) },
        { "latest", 0, CAT, FLAG(latest) },
        { "version", 0, SHOW, VALUE(take_version) },
        { "ignore-case", 'i', GREP, FLAG(ignore_case) },
        { "count", 'c', GREP, FLAG(count) },
        { "ids", 0, GREP, FLAG(ids) },
        { "jobs", 'j', CAT | GREP | REPORT | VERIFY, VALUE(take_jobs) },
        { "quick", 0, VERIFY, FLAG(quick) },
        { "sample", 0, VERIFY, VALUE(take_sample) },
        { "head", 0, VERIFY, VALUE(take_head) },
        { "max-age", 0, STATUS, VALUE(take_max_age) },
        { "no-pager", 0, (unsigned)ANY, FLAG(no_pager) },
};

_Static_assert(ELEMENTS(options) <= ARGS_OPTIONS_MAX, "given[] of ctl/args is too short");

const struct args_option *args_option_long(const char *name, size_t n)
{
        for (size_t i = 0; i < ELEMENTS(options); i++)
                if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0)
                        return &options[i];
        return NULL;
}

const struct args_option *args_option_short(char letter)
{
        for (size_t i = 0; i < ELEMENTS(options); i++)
                if (options[i].letter == letter && letter)
                        return &options[i];
        return NULL;
}
