/* The metrics: a file for node_exporter's textfile collector. Counters start at 0 with the process
 * (Prometheus knows a restart by that), gauges are handed in as they stand.
 *
 * Every series carries archive="DIRECTORY": the files of two instances on one machine are read by
 * one node_exporter, which refuses all of them if a series comes twice. Every series that may
 * exist is there from the start, 0 where there is nothing yet (but for rare HTTP statuses): an
 * alert on the age of the last complete walk must also ring where there never was one. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "run/trouble.h"
#include "store/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics;

/* The directory names the archive; it is copied. */
struct metrics *metrics_new(const char *directory);
struct metrics *metrics_free(struct metrics *m); /* takes NULL, returns NULL */

/* A request ended, well or not: its HTTP status, 0 if there came none, and the bytes that came in
 * on the wire. A status outside of 100 to 599 counts as "other". */
void metrics_request(struct metrics *m, int status, uint64_t bytes_in);
void metrics_retry(struct metrics *m); /* it will be repeated */

/* The walk's row as it begins, and when it has ended. What counts is the difference: a first walk
 * that is resumed goes on with the counts that it had, perhaps of a process before this one. An
 * end without a beginning counts whole. */
void metrics_walk_begin(struct metrics *m, const struct catalog_walk *walk);
void metrics_walk_end(struct metrics *m, const struct catalog_walk *walk, bool complete);

enum metrics_kind { METRICS_FULL, METRICS_NEW, METRICS_KINDS };

struct metrics_now {
        usec_t wall;                         /* since 1970 */
        usec_t last_complete[METRICS_KINDS]; /* when such a walk ended; 0: none did */
        uint64_t walk;                       /* number of the one that runs, or of the last */
        struct catalog_counts counts;
        int64_t oldest_wanted; /* created, seconds, of the oldest completion whose messages are
                                * not archived; 0: there is none */
        uint64_t ledger_seq;
        uint64_t stored_bytes; /* of this process */
        bool trouble[TROUBLE_KINDS];
};

/* Replace the file at path by rename, with mode 0644 whatever the umask: a reader never sees half
 * of one, and the reader is another user. A failure leaves the old file and nothing else behind;
 * what a crash leaves is written over by the next call. Not durable: see there. A path that is a
 * symbolic link is replaced, not followed. Two processes must not write the same path. The name
 * may have 250 bytes. ERR_HOST. */
int metrics_write(const struct metrics *m, const char *path, const struct metrics_now *now,
                  struct err *e);
