/* The inside of the API's client, shared by its parts: api (the queue, and the whole), api_call (one
 * call, from its start to its end). Only they include it. */
#pragma once

#include "wire/api.h"
#include "wire/api_attempt.h"
#include "wire/api_headers.h"
#include "wire/pace.h"

#include <sys/queue.h>

enum call_state {
        CALL_QUEUED, /* until .due, then until the pace lets it go */
        CALL_FLYING, /* .attempt is under way */
        CALL_ENDED,  /* off the list */
};

struct api_call {
        TAILQ_ENTRY(api_call) link;
        struct api *api;
        enum call_state state;
        enum page_kind kind;
        char *url;
        struct api_call_ops ops;
        struct api_attempt *attempt;
        usec_t due; /* by the clock that only goes forward */
        unsigned retries;
        usec_t patience, failing; /* since when, but for announced waits; 0: it is not */
        struct api_reply reply;   /* of the last attempt that ended */
};

struct api {
        struct http *http;
        const struct clock *clock;
        struct api_watch watch;
        char *base_url, *key, *extra_query;
        char *project; /* of the answers that are taken; NULL: any */
        struct api_headers headers;
        enum retry_manner manner;
        struct pace pace;
        struct http_timer *wake;
        usec_t wake_at;
        uint64_t signs;
        TAILQ_HEAD(, api_call) calls; /* in the order of their start */
};

/* api.c */
/* Look at the queue after `delay` at the latest. */
void api_wake(struct api *a, usec_t delay);
/* api_call.c */
/* Not on the list yet. */
struct api_call *call_new(struct api *a, const struct api_query *query,
                          const struct api_call_ops *ops);
struct api_call *call_free(struct api_call *c); /* of one that is off the list; NULL */
void call_move(struct api_call *c, enum call_state to);
void call_launch(struct api_call *c); /* it may be gone after this */
/* The end, with the patience that it had; announced: what the server asks for, or 0. */
void call_end_badly(struct api_call *c, const struct api_ending *ending, usec_t announced);
