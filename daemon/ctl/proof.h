/* The proof of the segments: what lies on the disk against what the ledger's lines say. The lines
 * are given in order; then the end says what only all of them together show. Files are read by
 * several threads; what is found is told in the order of the lines, by the caller's. */
#pragma once

#include "ctl/crew.h"
#include "ctl/damage.h"
#include "ctl/reading.h"
#include "ctl/shelf.h"
#include "store/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct proof {
        int dirfd;
        bool quick;          /* presence and lengths only: no file is read */
        unsigned jobs;       /* threads; 0: one a processor */
        uint64_t sample, of; /* only part `sample`, from 1, of `of` is read; of 0: all. The parts
                              * are told by the lines' numbers, and are about equal */
        struct shelf *shelf;
        struct damage *damage;
        void (*progress)(void *ctx, uint64_t bytes); /* so many more are done; may be NULL */
        void *ctx;

        uint64_t segments, frames, records, stored, plain; /* that the ledger names */
        uint64_t frames_read, files_read;

        struct crew *crew;
        struct reading_files files;
};

/* The fields above are set; the chain was checked. */
void proof_start(struct proof *p);
/* A line of any type that proves itself; those that name no bytes are passed over. */
void proof_line(struct proof *p, const struct ledger_line *line);
/* All lines were given. */
void proof_end(struct proof *p);
void proof_done(struct proof *p); /* also without an end */
