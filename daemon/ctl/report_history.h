/* What the ledger tells over time: how old the last complete walk was, which walks failed, how much
 * was stored. In bounded memory: time is cut into slices. */
#pragma once

#include "base/clock.h"
#include "ctl/account.h"

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_SLICES  240
#define HISTORY_WALKS   20 /* the last ones */
#define HISTORY_PAUSES  5  /* the longest times without a complete walk */
#define HISTORY_REASONS 16 /* the daemon knows fewer; others of a forged ledger count together */

enum history_kind { HISTORY_ANY, HISTORY_FULL, HISTORY_KINDS };

struct history_walk {
        uint64_t number, pages, seen, new, changed, gone, gaps;
        bool full, complete, filtered;
        usec_t started, ended;
        char reason[64], detail[256];
};

struct history_pause {
        usec_t from, to;
        bool first, open; /* nothing was complete before it; it lasts */
};

struct history_slice {
        usec_t age[HISTORY_KINDS]; /* the highest that the last complete walk reached */
        uint64_t failed, complete;
        uint64_t stored; /* bytes that came */
};

struct history {
        usec_t from, to; /* the archive's beginning, now */
        struct history_slice slices[HISTORY_SLICES];
        usec_t last[HISTORY_KINDS]; /* the end of the last complete walk; `from` before the first */
        bool ever[HISTORY_KINDS];
        struct history_pause pauses[HISTORY_KINDS][HISTORY_PAUSES]; /* the longest first */
        struct history_walk walks[HISTORY_WALKS];                   /* the newest first */
        uint64_t n_walks, n_complete, n_full, n_gaps;
        struct history_reason {
                char reason[64];
                uint64_t walks;
        } reasons[HISTORY_REASONS + 1]; /* behind them, the others */
        size_t n_reasons;
};

void history_begin(struct history *h, usec_t from, usec_t now);
/* In the ledger's order; a clock that was set back counts as having stood. */
void history_walk(struct history *h, const struct account_walk *w);
void history_frame(struct history *h, usec_t time, uint64_t length);
/* No more comes: up to now. */
void history_end(struct history *h);
usec_t history_slice_start(const struct history *h, size_t i); /* of HISTORY_SLICES: `to` */
