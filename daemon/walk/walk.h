/* A walk: reads the list of completions page by page, appends what is new or changed, and says
 * whether it saw everything. Fails closed: only what the design calls complete is called so.
 *
 * The cursor is that of API.md's T1: `after` skips the whole second of the record that it names, so
 * the next page is asked for by the last record whose second is not the page's last, and must show
 * that last second again. */
#pragma once

#include "base/clock.h"
#include "store/archive.h"
#include "walk/scope.h"

#include <stdbool.h>
#include <stdint.h>

#define WALK_GAP_REQUESTS_MAX 64  /* for a second that fills a page … */
#define WALK_GAP_QUIET        8   /* … or this many answers in a row that bring nothing new */
#define WALK_GAPS_MAX         500 /* such seconds named in a walk's line; more are counted */
#define WALK_AGAIN_MAX        5 /* times that damaged answers send a walk back to its last commit */
#define WALK_STEPS_BACK_MAX   1000 /* cursors found deleted in one walk: more is a sick server */

struct api;
struct api_reply;
struct http;
struct walk;

struct walk_config {
        bool full;          /* asked for; a scope without a complete full walk gets one anyway */
        usec_t overlap;     /* how far behind the watermark a new walk re-reads */
        unsigned page_size; /* 1 to 100 */
        struct scope scope; /* its strings must stay */
        usec_t patience;    /* as in struct api_query, for each page */
        unsigned max_concurrent; /* completions asked for at once that a full walk has missed */
};

struct walk_result {
        bool complete;
        bool stop; /* failed, and whoever goes on asking the server is a nuisance: the key is
                           * refused, or a long wait was announced */
        bool interrupted;
        /* Of what a complete full walk has missed: so many are too many to be believed, and nobody
         * asked for them yet; so many could not be settled, and a later walk asks again. */
        uint64_t held, unsettled;
        bool unstable;    /* the server was found to send the same records in other forms */
        usec_t announced; /* a wait that the server asked for, or 0 */
        int status;       /* of HTTP, of the answer that it failed over; 0: none */
        char request_id[ARCHIVE_REQUEST_ID_MAX]; /* likewise, or "" */
        struct err err;                          /* failed: cause and remedy */
        struct catalog_walk walk;                /* as its line in the ledger has it */
};

struct walk_ops {
        void (*page)(void *ctx, const struct catalog_walk *walk, const char *request_id);
        /* Once, never from within walk_start. Its line is in the ledger, if the disk let it. The
         * walk may be freed here. */
        void (*done)(void *ctx, const struct walk_result *result);
        void *ctx;
};

/* Everything handed in must outlive it. Begins with the next turn of the event loop. Only a failing
 * catalog (ERR_HOST) fails here. */
int walk_start(struct api *api, struct http *http, struct archive *archive,
               const struct clock *clock, const struct walk_config *config,
               const struct walk_ops *ops, struct walk **ret, struct err *e);
/* End it now: failed, reason `interrupted`; done() is called from within. */
void walk_interrupt(struct walk *w);
/* Takes NULL, returns NULL. A walk that is not done leaves no line: as if it was killed. */
struct walk *walk_free(struct walk *w);
/* The last complete walk of this scope that counts for another one: a full one, or of either kind.
 * CATALOG_NONE, where the next walk has to be a first one. */
int walk_last(struct archive *archive, const struct scope *scope, bool full,
              struct catalog_walk *ret, struct err *e);
/* The walk's row as it stands. */
const struct catalog_walk *walk_row(const struct walk *w);
