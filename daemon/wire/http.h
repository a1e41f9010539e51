/* HTTP transfers on an event loop: libcurl's multi interface on sd-event; the one owner of libcurl.
 *
 * GET only. No redirects; https only, or http to loopback (anywhere with allow_http); HTTP/2 where
 * the server offers it, multiplexed over one connection; keep-alive; gzip accepted and decoded.
 * Nothing is ever paused: a body is taken at the speed at which it is consumed. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CONNECT_TIMEOUT 30           /* seconds for name, TCP and TLS together */
#define HTTP_STALL_TIME      20           /* seconds under … */
#define HTTP_STALL_SPEED     1            /* … this many bytes a second end a transfer */
#define HTTP_FIELD_MAX       128          /* bytes kept of a header field's value, NUL included */
#define HTTP_HEADER_MAX      (256 * 1024) /* bytes of header fields in all; more fails the transfer */

struct sd_event;
struct http;
struct http_transfer;
struct http_timer;

struct http_config {
        const char *ca_file; /* NULL: the system's store */
        const char *proxy;   /* NULL: as the environment says; never used for loopback */
        const char *user_agent;
        bool allow_http;
        unsigned connections_max; /* to the server, transfers at once */
};

/* The response's head, with the fields that anyone here asks for: printable ASCII, "" if absent,
 * cut at HTTP_FIELD_MAX - 1. */
struct http_head {
        int status;                      /* 0 before the final response's head has come */
        char request_id[HTTP_FIELD_MAX]; /* x-request-id, else apim-request-id */
        char retry_after[HTTP_FIELD_MAX];
        char retry_after_ms[HTTP_FIELD_MAX];
        char should_retry[HTTP_FIELD_MAX]; /* x-should-retry */
        char project[HTTP_FIELD_MAX];      /* openai-project */
        char location[HTTP_FIELD_MAX];
        char rate_remaining[HTTP_FIELD_MAX]; /* x-ratelimit-remaining-requests */
        char rate_reset[HTTP_FIELD_MAX];     /* x-ratelimit-reset-requests */
        bool coded; /* the body has a Content-Encoding: what is damaged in it may decode, to other
                     * text, before the end shows it */
        int64_t date; /* Date, seconds since 1970; 0 if absent or unreadable */
};

struct http_result {
        bool complete;       /* the transport saw the end of the body: NOT that the body is whole */
        bool aborted;        /* body() ended it */
        bool trust;          /* !complete: the peer's certificate was refused; a person must look */
        const char *problem; /* !complete: what failed, one line, no secrets; else "" */
        uint64_t bytes_in;   /* of the body, as on the wire (compressed) */
};

struct http_request {
        const char *url; /* copied */
        const char *const
                *headers; /* "Name: value" …, NULL-terminated; copied, and wiped after use */
        /* A piece of the body (decoded), with the head it belongs to. Non-zero aborts the transfer;
         * done() follows, with aborted set. */
        int (*body)(void *ctx, const struct http_head *head, const char *p, size_t n);
        /* The end, exactly once unless cancelled; never from within http_start. The transfer is
         * gone afterwards; starting others from here is allowed. */
        void (*done)(void *ctx, const struct http_head *head, const struct http_result *result);
        void *ctx;
};

/* *config is copied. The event loop must outlive it. ERR_HOST or ERR_CONFIG. */
int http_new(struct sd_event *event, const struct http_config *config, struct http **ret,
             struct err *e);
/* All transfers must have ended or been cancelled. Returns NULL; takes NULL. */
struct http *http_free(struct http *h);

/* Only a request that cannot be made at all (ERR_CONFIG, ERR_BUG) fails here. */
int http_start(struct http *h, const struct http_request *request, struct http_transfer **ret,
               struct err *e);
/* No callback after this. Takes NULL; returns NULL. */
struct http_transfer *http_cancel(struct http_transfer *t);

/* Call back once after `delay` (accuracy 1 µs; never from within the call). The timer is gone when
 * it has fired; http_timer_stop takes NULL and returns NULL. */
struct http_timer *http_timer_start(struct http *h, usec_t delay, void (*fn)(void *ctx), void *ctx);
struct http_timer *http_timer_stop(struct http_timer *t);

/* May requests go to this base URL? ERR_CONFIG with the reason if it is no URL, is neither https
 * nor http, holds user information, a query or a fragment, or is http to another host than
 * loopback (localhost, 127.0.0.0/8, ::1) without allow_http. Asks no name server. */
int http_check_url(const char *url, bool allow_http, struct err *e);
