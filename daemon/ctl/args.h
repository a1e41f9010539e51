/* The words of the command line. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "ctl/filter.h"
#include "store/name.h"

#include <stdbool.h>

enum args_verb {
        ARGS_NONE,
        ARGS_STATUS,
        ARGS_LIST,
        ARGS_SHOW,
        ARGS_CAT,
        ARGS_GREP,
        ARGS_EXPORT,
        ARGS_WALKS,
        ARGS_REPORT,
        ARGS_VERIFY,
        ARGS_HEAD,
        ARGS_REINDEX,
        ARGS_HELP,
        ARGS_VERSION,
};

enum args_output {
        ARGS_SHORT, /* for a person */
        ARGS_JSON,  /* a JSON object a line */
        ARGS_BARE,  /* -o cat: only what matters: ids, texts */
};

struct args {
        enum args_verb verb;
        const char *directory; /* NULL: the one that the configuration names */
        bool no_pager;
        enum args_output output; /* --json is -o json */

        usec_t max_age; /* status; STATUS_NO_AGE: not given */

        bool quick;            /* verify */
        uint64_t sample, of;   /* the part of all that is read, from 1; of 0: all */
        uint64_t head_seq;     /* 0: not given */
        const char *head_hash; /* 64 hex digits */
        unsigned jobs;         /* 0: one a processor */

        enum stream stream; /* cat, grep */
        bool latest;        /* cat: only the newest version of each */
        struct filter filter;
        bool reverse; /* the oldest first */

        const char *id;   /* show */
        uint64_t version; /* 0: the newest */

        const char *pattern; /* grep */
        bool ignore_case, count, ids;
};

/* `now` is what dates are relative to. ERR_CONFIG: it makes no sense. --help and --version win over
 * everything but that. */
int args_parse(int argc, char *const argv[], usec_t now, struct args *ret, struct err *e);
const char *args_usage(void);
const char *args_help(void);
