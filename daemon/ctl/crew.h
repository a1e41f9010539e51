/* Work that several threads do, its results taken in the order in which it was put: a ring of jobs,
 * in the memory of the crew. With one job at a time there is no thread at all. */
#pragma once

#include <stddef.h>

#define CREW_MAX 64 /* threads; each has its own decompressor, of some MiB */

struct crew_calls {
        size_t size; /* bytes of a job */
        /* In any thread, at once with those of other jobs. */
        void (*work)(void *ctx, void *job);
        /* In the caller's thread, in order. Non-zero ends it all. */
        int (*done)(void *ctx, void *job);
        /* May be NULL. For a job that was put and whose done() will not be called. */
        void (*drop)(void *ctx, void *job);
        /* May be NULL. For each job's memory, zeroed before its first use, at the very end. */
        void (*clear)(void *ctx, void *job);
        void *ctx;
};

struct crew;

/* jobs: threads; 0: one a processor. Where the system does not give that many, fewer do it. */
struct crew *crew_new(unsigned jobs, const struct crew_calls *calls);
struct crew *crew_free(struct crew *c); /* drops what is not done; takes NULL, returns NULL */

/* Memory for the next job, as an earlier one left it; calls done() for those that are ready, and
 * waits for the oldest where the ring is full. NULL: done() has ended it, see crew_end. */
void *crew_job(struct crew *c);
/* The job that crew_job gave is to be done. */
void crew_put(struct crew *c);
/* Waits for all of it. What done() has ended it with, or 0; after an end nothing is done any more. */
int crew_end(struct crew *c);
