/* The kinds of faults: what each does, as a table. */
#pragma once

#include "page.h"
#include "params.h"
#include "answer.h"

struct kind {
        const char *name;
        const char *envelope; /* a list's envelope, as in page.h */
        const char *member;   /* as in struct tweak … */
        const char *patch;
        const char *body; /* a 200 with this body … */
        const char *type; /* … of this type, JSON if NULL */
        /* Each may be NULL. `body` is what the fault was posted with. */
        void (*tweak)(const struct params *p, struct tweak *t);
        void (*replace)(const struct params *p, struct slice body, struct answer *a);
        void (*transfer)(const struct params *p, struct answer *a);
};

/* NULL if there is none of that name. */
const struct kind *kind_find(const char *name);

/* NAME or NAME NAME …, for an error message. */
void kind_names(struct buf *ret);
