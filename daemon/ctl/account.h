/* What the ledger alone tells of an archive: since when, how much, which walks. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/ledger.h"
#include "store/name.h"

#include <stdbool.h>
#include <stdint.h>

#define ACCOUNT_WALKS_MAX 5 /* the last ones are kept; an archive has one every few minutes */

/* A `walk` line. */
struct account_walk {
        char *text; /* the line itself; NULL: there is no such walk */
        uint64_t number, pages, seen, new, changed, gone;
        bool full, complete;
        char reason[64], detail[1024]; /* "": none */
        usec_t started, ended;
        struct json gaps, filter; /* slices of the text */
        uint64_t n_gaps;
};

struct account_stream {
        uint64_t segments, frames, records; /* records: lines, of which an id may have several */
        uint64_t stored, plain;             /* bytes */
};

struct account {
        usec_t since; /* the `open` line's; 0: there is none */
        char base_url[2048], project[256];
        struct account_stream streams[STREAMS];
        struct account_walk walks[ACCOUNT_WALKS_MAX]; /* the newest first */
        struct account_walk complete, full;           /* the last complete one, and full one */
        struct account_failed {
                uint64_t walks;
                struct account_walk last;
        } failed, failed_full; /* since the last complete one; full ones since the last such */
        struct {
                uint64_t number; /* 0: none */
                bool full;
                usec_t started;
        } begun; /* a walk that began behind the last one's end: under way, or was killed */
};

/* Take a line in; for chain_each(). A struct account, zeroed before the first. */
int account_line(void *account, const struct ledger_line *line);
void account_done(struct account *a);

/* One `walk` line, given as its text and its time, in place of what *w holds (zeroed before the
 * first): free(w->text) in the end. What the line lacks is 0 or "". */
void account_walk_read(struct account_walk *w, const char *text, size_t n, usec_t ended);

/* The walk as a JSON object, but for its gaps and its end: the braces are left open. What an end
 * tells is null if it has none. */
void account_walk_json(const struct account_walk *w, const char *state, bool ended, struct buf *b);

/* The seconds of a walk's gaps, one by one; start with *at = 0, false at the end. */
bool account_gap(const struct account_walk *w, size_t *at, int64_t *ret);
