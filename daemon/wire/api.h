/* The API's three GETs, each retried as it should be, at the pace that is allowed. Knows URLs,
 * headers, error bodies and waits; knows nothing of walks or archives. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "wire/page.h"
#include "wire/retry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_ERROR_BODY_MAX 8192 /* bytes read of an error's body; the rest is dropped */
#define API_REQUEST_ID_MAX 128  /* bytes, NUL included */

struct api;
struct api_call;
struct http;

enum api_auth { API_BEARER, API_KEY_HEADER }; /* Authorization: Bearer KEY / api-key: KEY */

struct api_config {
        const char *base_url; /* passed http_check_url; a final slash does not matter */
        const char *key;
        enum api_auth auth;
        const char *organization; /* NULL or a value for OpenAI-Organization */
        const char *project;      /* NULL or a value for OpenAI-Project */
        const char *extra_query; /* NULL or "api-version=…", appended to every URL's query as is */
        unsigned requests_per_minute;
        unsigned
                max_concurrent; /* requests at once, lists not counted; a 429 halves it for a while;
                                  * 0: any number */
        enum retry_manner manner;
};

/* Told about what a person may want to read, as it happens; called synchronously. Any may be NULL.
 * All texts are one line, stripped of control characters, the key redacted. They may neither start
 * nor cancel calls. */
struct api_watch {
        /* An attempt ended badly and will be repeated after `wait`. */
        void (*retry)(void *ctx, int status, const char *request_id, usec_t wait,
                      const char *problem);
        /* Every attempt that ended. well: the server did as it should, which a 404 or a refusal may
         * be, and a body that was cut is not. */
        void (*request)(void *ctx, int status, bool well, uint64_t bytes_in);
        void *ctx;
};

enum api_order { API_DESC, API_ASC };

struct api_query {
        enum page_kind kind; /* PAGE_LIST, PAGE_MESSAGES (of id), PAGE_ONE (id itself) */
        const char *id;      /* a completion's; percent-encoded here */
        const char *after;   /* cursor, or NULL */
        enum api_order order;
        unsigned limit;
        const char *model;           /* PAGE_LIST: filter, or NULL */
        const char *const *metadata; /* PAGE_LIST: "KEY=VALUE" …, NULL-terminated, or NULL */
        usec_t patience; /* RETRY_DAEMON: an outage ends the call once it has failed for so long,
                          * announced waits not counted; 0: never */
};

enum api_outcome {
        API_OK,        /* 200 and well-formed: .page holds */
        API_MISSING,   /* 404 */
        API_REFUSED,   /* any other 4xx that speaks of this request: 400, 410, 422 … */
        API_DENIED,    /* 401, 403, 405, 3xx, a certificate refused: a person is needed */
        API_STRANGER,  /* 200 or 404, but of another project than the one that was set: a person */
        API_LIMITED,   /* 429: no quota, or an announced wait longer than the manner's patience */
        API_OUTAGE,    /* transport errors, cut bodies, 5xx: patience ended */
        API_MALFORMED, /* 200, the transfer complete, and not a well-formed page */
        API_STOPPED,   /* the sink stopped it: .sink holds what it returned */
};

struct api_reply {
        enum api_outcome outcome;
        int status; /* of the last attempt, 0 if none came; under --once, where a wait announced to
                     * another call ended this one, that one's */
        int sink;   /* API_STOPPED */
        bool doubtful;                       /* not API_OK: as in restart() */
        struct page_result page;             /* API_OK */
        char request_id[API_REQUEST_ID_MAX]; /* of the last attempt, "" if none; redacted */
        char project[API_REQUEST_ID_MAX];    /* openai-project of it, "" if none */
        int64_t date;     /* the server's clock, seconds since 1970; 0 if it did not say */
        usec_t announced; /* API_LIMITED, API_OUTAGE: the wait that the server asked for, or 0 */
        struct err err;   /* not API_OK: cause and, where there is one, remedy */
};

/* The slug that the ledger gives as a walk's reason: "server", "network", "refused" … */
const char *api_reason(const struct api_reply *reply);

struct api_call_ops {
        /* An attempt begins: what the sink got before belongs to one that failed, and whatever was
         * in the middle of a record is void. Whole records stand, unless it is doubtful: their body
         * was compressed, and damage in it may have decoded, to other text, before it showed. That
         * is said when it shows, and the attempt itself may begin later, with another restart. */
        void (*restart)(void *ctx, bool doubtful);
        /* The end, once, never from within api_start; the call is gone afterwards. */
        void (*done)(void *ctx, const struct api_reply *reply);
        struct page_sink sink;
        void *ctx;
};

/* *config and *watch are copied, the key included. `http` and `clock` must outlive it. */
struct api *api_new(struct http *http, const struct clock *clock, const struct api_config *config,
                    const struct api_watch *watch);
/* From now on a 200 or a 404 whose openai-project says another one ends its call (API_STRANGER)
 * before a byte of its body reaches a sink. One that does not say is taken. Copied; NULL or "": any
 * project again. Calls under way are left as they are. */
void api_set_project(struct api *a, const char *project);
/* All calls must have ended or been cancelled. The key is overwritten. Takes NULL, returns NULL. */
struct api *api_free(struct api *a);

/* Queue a request; it goes out as soon as the pace (a token bucket of requests_per_minute over all
 * calls, with room for a burst of a second's worth, at least 1) and announced waits allow. Lists
 * are served before other kinds, else first come, first served. Everything in *query is copied. */
struct api_call *api_start(struct api *a, const struct api_query *query,
                           const struct api_call_ops *ops);
/* Has the sink got anything, of the attempt under way, that is doubtful as in restart()? */
bool api_is_doubtful(const struct api_call *c);
/* No callback after this. Takes NULL, returns NULL. */
struct api_call *api_cancel(struct api_call *c);

/* A number that grows with all that happens: requests that go out, bytes that come, answers. */
uint64_t api_signs(const struct api *a);
/* Is a call waiting for its time, by a back-off or the pace? Then nothing needs to happen. */
bool api_is_waiting(const struct api *a);

/* What is left of an announced wait, and of which status it was; 0: nothing. */
usec_t api_held(const struct api *a, int *ret_status);
/* As if the server had announced it: for one that takes the place of another. */
void api_hold(struct api *a, usec_t wait, int status);

/* End every back-off that no server announced: try those calls now. */
void api_hurry(struct api *a);

/* The message of an error body, whatever its form ({"error":{…}}, {"error":"…"}, {"message":…},
 * {"detail":…}, other JSON, HTML, text): one line in `out`, of at most room-1 bytes, never empty if
 * the body is not, every word that holds the key or a part of it (5 bytes and more, or all of a
 * shorter key), or starts with "sk-", replaced by [redacted]. *ret_quota: its code or type is
 * insufficient_quota. */
void api_read_error(const char *body, size_t n, const char *key, char *out, size_t room,
                    bool *ret_quota);
