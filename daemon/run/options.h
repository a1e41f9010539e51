/* The command line of chatarchived. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum options_job {
        OPTIONS_DAEMON,
        OPTIONS_ONCE_FULL,
        OPTIONS_ONCE_NEW,
        OPTIONS_CHECK_CONFIG,
        OPTIONS_VERSION,
        OPTIONS_HELP,
};

/* Texts point into argv; NULL where not given. */
struct options {
        enum options_job job;
        const char *config;
        const char *directory;
        const char *base_url;
};

/* Long options in full only, as --name=VALUE or --name VALUE (--once takes its value by = alone);
 * the last of a kind counts; --help, then --version, win over every job, --check-config over
 * --once. ERR_CONFIG, one line that shows no value. Prints nothing. */
int options_parse(int argc, char *const argv[], struct options *ret, struct err *e);

const char *options_help(void);    /* lines for stdout, the last with its newline */
const char *options_usage(void);   /* one line, without its newline, for a usage error */
const char *options_version(void); /* "chatarchived 0.1.0", without a newline */
