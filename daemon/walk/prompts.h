/* Prompts: the input messages of every completion that the catalog has without them, several at
 * once. All messages of a completion are committed together or not at all. */
#pragma once

#include "base/clock.h"
#include "store/archive.h"

#include <stdbool.h>
#include <stdint.h>

#define PROMPTS_CONCURRENT_MAX 1000
#define PROMPTS_PAGE_SIZE      100
#define PROMPTS_OUTAGES_MAX    3  /* completions in a row that an outage ended: it is not theirs */
#define PROMPTS_FAILURES_MAX   20 /* likewise, of any kind: the server's messages are at fault */
#define PROMPTS_PATIENCE       (15 * USEC_PER_SEC) /* for one's messages that only fail: others wait */
#define PROMPTS_RESTARTS_MAX   5 /* of one completion's pages, where a page cannot be asked alone */
#define PROMPTS_ASK_AGAIN      (2 * USEC_PER_SEC) /* for messages of a completion that is there */

struct api;
struct http;
struct patience;
struct prompts;

struct prompts_config {
        unsigned max_concurrent; /* 1 to PROMPTS_CONCURRENT_MAX */
        /* A completion that is there, its messages 404: asked again for `wait` within this run, and
         * then failed; or, with a patience (the caller's, to outlive the run), left for a later run,
         * and written off, in a line, once that is over. One that has failed is put off, too. */
        usec_t wait;
        struct patience *patience;
        bool open; /* a walk goes on beside it, and more may come: until prompts_close() */
};

struct prompts_result {
        uint64_t done;    /* completions settled: archived, without messages, or missing */
        uint64_t missing; /* of them: written off */
        uint64_t failed;  /* still wanted */
        uint64_t later;   /* likewise, but only their time has not come: see patience */
        bool stopped;     /* the queue was not gone through: refused, an outage, the disk … */
        bool interrupted;
        bool denied, limited; /* stopped: the key was refused, or it has no quota */
        int status;           /* of HTTP, of what it was stopped over; 0: none */
        char request_id[ARCHIVE_REQUEST_ID_MAX]; /* likewise, or "" */
        usec_t announced;                        /* a wait that the server asked for, or 0 */
        struct err err;                          /* failed or stopped: the first reason */
};

struct prompts_ops {
        void (*progress)(void *ctx, uint64_t done);
        /* The queue was gone through, or it was stopped; everything is committed. Once, never
         * from within prompts_start; it may be freed here. */
        void (*done)(void *ctx, const struct prompts_result *result);
        void *ctx;
};

/* Everything handed in must outlive it. */
struct prompts *prompts_start(struct api *api, struct http *http, struct archive *archive,
                              const struct clock *clock, const struct prompts_config *config,
                              const struct prompts_ops *ops);
/* A walk begins beside it; a page of it has passed; it has ended: what has come until then is asked
 * for, and done() comes when that is done. */
void prompts_open(struct prompts *p);
void prompts_poke(struct prompts *p);
void prompts_close(struct prompts *p); /* never from within */
/* End it now: what is whole is committed; done() is called from within. */
void prompts_interrupt(struct prompts *p);
struct prompts *prompts_free(struct prompts *p); /* takes NULL */
