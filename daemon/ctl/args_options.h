/* The options of chatarchivectl, as a table: what they are called, which verbs take them, and what
 * they set. Within ctl/args only. */
#pragma once

#include "ctl/args.h"

#include <stdbool.h>
#include <stddef.h>

#define ARGS_BIT(verb)   (1u << (verb))
#define ARGS_OPTIONS_MAX 32

struct args_option {
        const char *name;
        char letter;    /* 0: it has no short form */
        unsigned verbs; /* bits, ARGS_BIT() */
        bool valued;
        /* value: not empty if the option is valued, else NULL. ERR_CONFIG: it makes no sense. NULL:
         * the option is a flag, a bool at this offset in struct args. */
        int (*take)(struct args *a, const char *value, usec_t now, struct err *e);
        size_t flag;
};

/* NULL: there is none. */
const struct args_option *args_option_long(const char *name, size_t n);
const struct args_option *args_option_short(char letter);
