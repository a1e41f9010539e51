/* The command line of chatarchivectl. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/name.h"

#include <stdbool.h>

enum args_verb {
        ARGS_NONE,
        ARGS_STATUS,
        ARGS_VERIFY,
        ARGS_CAT,
        ARGS_HELP,
        ARGS_VERSION,
};

struct args {
        enum args_verb verb;
        const char *directory; /* NULL: the one that the configuration names */
        bool quick, json;
        usec_t max_age; /* STATUS_NO_AGE: not given */
        enum stream stream;
};

/* ERR_CONFIG: it makes no sense. --help and --version win over everything but that. */
int args_parse(int argc, char *const argv[], struct args *ret, struct err *e);
const char *args_usage(void);
const char *args_help(void);
