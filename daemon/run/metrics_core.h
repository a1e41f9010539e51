/* The counts behind run/metrics.h, for its two files: what counts, and what it reads like. */
#pragma once

#include "base/buf.h"
#include "run/metrics.h"

#define METRICS_STATUS_MIN 100
#define METRICS_STATUS_MAX 599

enum metrics_change {
        METRICS_FOUND_NEW,
        METRICS_FOUND_CHANGED,
        METRICS_FOUND_GONE,
        METRICS_CHANGES
};

struct metrics {
        char *directory;
        uint64_t requests[METRICS_STATUS_MAX - METRICS_STATUS_MIN + 1], no_answer, other;
        uint64_t retries, bytes_in;
        uint64_t complete[METRICS_KINDS], failed[METRICS_KINDS];
        uint64_t changes[METRICS_CHANGES];
        uint64_t base[METRICS_CHANGES]; /* what the walk that runs began with */
};

/* Prometheus' text format, added to b. */
void metrics_text(const struct metrics *m, const struct metrics_now *now, struct buf *b);
