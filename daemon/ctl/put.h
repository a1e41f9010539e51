/* What verbs write of records: to a pipe every byte as it came, to a terminal nothing raw. */
#pragma once

#include "ctl/show.h"
#include "ctl/verb.h"

#include <stddef.h>

struct put {
        const struct verb *verb;
        struct show show;
        struct buf shown;
};

#define PUT_INIT(v)                            \
        {                                      \
                .verb = (v), .shown = BUF_INIT \
        }

/* Texts cut anywhere. 0, or PUT_GONE: nobody reads it, or it cannot be written; main sees to that. */
#define PUT_GONE 1
int put_add(struct put *p, const char *text, size_t n);
/* The end: what the last character lacks does not come any more. Frees what it holds. */
void put_done(struct put *p);
