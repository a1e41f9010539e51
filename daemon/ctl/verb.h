/* What every verb is given, and how it ends. Verbs read and never write: not in the archive, not to
 * its lock. They flush nothing; main does, and sees to what could not be written. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "ctl/damage.h"

#include <stdbool.h>
#include <stdio.h>

enum verb_exit {
        VERB_OK = 0,
        VERB_NOT = 1, /* not found, or not what was asked for; or this machine failed */
        VERB_USAGE = 2,
        VERB_DAMAGED = 3,
        VERB_LOCKED = 4, /* somebody writes to the archive, and only reindex minds */
};

struct config;

struct verb {
        const char *directory;
        const struct config *config; /* NULL: none was read, the directory was given */
        FILE *out, *err;
        bool out_terminal, err_terminal; /* a person reads it there: nothing raw */
        const struct clock *clock;
};

/* Tell *e on err, in one line. The exit code that its kind asks for. */
int verb_fail(const struct verb *v, const struct err *e);
/* There is no archive at all: the same. */
int verb_none(const struct verb *v);
/* Only say so in *e; -1. */
int verb_none_set(const struct verb *v, struct err *e);
/* The exit code for what was found on the way, and told. */
int verb_found(const struct damage *d);
