/* The proof of the segments: what lies on the disk against what the ledger's lines say. The lines
 * are given in order; then the end says what only all of them together show. */
#pragma once

#include "ctl/damage.h"
#include "ctl/shelf.h"
#include "store/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct proof {
        int dirfd;
        bool quick; /* presence and lengths only: no file is read */
        struct shelf *shelf;
        struct damage *damage;
        void (*progress)(void *ctx, uint64_t bytes); /* so many more are done; may be NULL */
        void *ctx;

        uint64_t segments, frames, records, stored, plain; /* that the ledger names */
};

/* A line of any type that proves itself; those that name no bytes are passed over. */
void proof_line(struct proof *p, const struct ledger_line *line);
/* All lines were given. */
void proof_end(struct proof *p);
