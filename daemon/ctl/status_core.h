/* The inside of status, shared by its forms. Only they include it. */
#pragma once

#include "base/buf.h"
#include "ctl/account.h"
#include "ctl/chain.h"
#include "ctl/count.h"
#include "ctl/due.h"
#include "ctl/status.h"
#include "ctl/writer.h"
#include "run/config.h"

struct status {
        const char *directory;
        const struct config *config; /* NULL: none was read */
        const char *error;           /* why there is nothing to tell; NULL: there is */
        usec_t now, max_age;
        struct chain chain;
        struct account account;
        bool counted;
        struct count count;
        enum writer writer;
        int64_t pid;
        bool once;      /* the writer walks only once */
        bool has_due;   /* a daemon runs, and its configuration is known */
        struct due due; /* if so */
        struct damage damage;
};

/* The age of the last complete full walk, of which there must be one; negative if it ended under a
 * clock that was set back later. */
usec_t status_age(const struct status *s);
/* An end further ahead than max_age is no younger than that: a clock once wrong must not keep a
 * monitor quiet until it has come round. */
bool status_too_old(const struct status *s);

/* status_text.c: for a person; texts from outside are shown, not obeyed. */
void status_text(const struct status *s, struct buf *out);
/* status_json.c: one object in one line, its keys described in chatarchivectl(1). */
void status_json(const struct status *s, struct buf *out);
