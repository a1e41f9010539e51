/* The sweep: what a complete full walk should have seen and has not is asked for by id. A 404 makes
 * a tombstone; what is there counts as seen, and becomes a version if it differs.
 *
 * A candidate is known, not gone, not seen by the walk, and was last seen on the same server. What
 * is younger than 30 days comes first, several at once; what is older may have expired in numbers,
 * and comes last, one at a time. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define SWEEP_CONCURRENT_MAX 16                  /* each may hold 256 KiB of a record */
#define SWEEP_PATIENCE       (15 * USEC_PER_SEC) /* for one that only fails: the others wait for it */
#define SWEEP_OUTAGES_MAX    3 /* that an outage ended, in a row: it is not theirs */
/* Past 30 days, of one walk: they may have expired in numbers, and no other walk begins meanwhile;
 * the rest stay candidates. */
#define SWEEP_EXPIRED_MAX  2000
#define SWEEP_FAILURES_MAX 20 /* answers in a row that are of no use: it is not the records */

/* A mass disappearance: more than so many, and more than half of what is younger than 30 days. It
 * rather speaks of the key or of the server, so nothing is asked unless the complete full walk
 * before this one found one, too. */
#define SWEEP_MASS 100

struct api;
struct archive;
struct http;
struct intake_tally;
struct sweep;

struct sweep_config {
        uint64_t walk; /* its number; all its pages are settled, its line is not written */
        unsigned max_concurrent;    /* 1 and more */
        struct intake_tally *tally; /* the walk's, see walk/intake.h; or NULL */
};

struct sweep_result {
        uint64_t gone, there; /* tombstones made; found after all */
        uint64_t held;        /* a mass disappearance of so many: nothing was asked */
        uint64_t failed;      /* not settled: a later walk asks for them again */
        bool ended;           /* not gone through: an outage, a refusal, the disk … */
        bool interrupted;
        bool stop;          /* ended: whoever goes on asking the server is a nuisance */
        usec_t announced;   /* a wait that the server asked for, or 0 */
        const char *reason; /* ended, by a reply: api_reason()'s word; else "" */
        struct err err; /* failed or ended: the first reason. ERR_HOST: what is not committed was
                         * undone, and the walk's counts with it */
};

struct sweep_ops {
        /* Once, never from within sweep_start. What was found may not be committed yet: the walk's
         * line is to do that. The sweep may be freed here. */
        void (*done)(void *ctx, const struct sweep_result *result);
        void *ctx;
};

/* Everything handed in must outlive it. The archive's walk in hand counts what is seen and gone;
 * that an open frame does not grow too old while answers are awaited is its owner's to see to. If
 * anything of the archive is undone by others meanwhile, it ends. */
struct sweep *sweep_start(struct api *api, struct http *http, struct archive *archive,
                          const struct clock *clock, const struct sweep_config *config,
                          const struct sweep_ops *ops);
/* End it now: done() is called from within. */
void sweep_interrupt(struct sweep *s);
struct sweep *sweep_free(struct sweep *s); /* takes NULL, returns NULL */
