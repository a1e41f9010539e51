/* The inside of status, shared by its forms. Only they include it. */
#pragma once

#include "base/buf.h"
#include "ctl/account.h"
#include "ctl/chain.h"
#include "ctl/count.h"
#include "ctl/status.h"
#include "ctl/writer.h"

struct status {
        const char *directory;
        usec_t now, max_age;
        struct chain chain;
        struct account account;
        bool counted;
        struct count count;
        enum writer writer;
        int64_t pid;
        struct damage damage;
};

/* The age of the last complete full walk; -1 if there is none. */
usec_t status_age(const struct status *s);
bool status_too_old(const struct status *s);

/* status_text.c: for a person; texts from outside are shown, not obeyed. */
void status_text(const struct status *s, struct buf *out);
/* status_json.c: one object in one line, its keys described in chatarchivectl(1). */
void status_json(const struct status *s, struct buf *out);
