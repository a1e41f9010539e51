/* One GET of a call, from the request to what came of it: bytes of a 200 go through the page reader
 * to the sink, and of any other status into what the person is told. */
#pragma once

#include "wire/api.h"
#include "wire/api_ending.h"
#include "wire/http.h"

struct api_attempt;

struct api_attempt_result {
        bool ended; /* .outcome holds: API_OK, API_STOPPED, API_MALFORMED or API_STRANGER */
        enum api_outcome outcome; /* else .ending says what went wrong */
        struct api_ending ending;
        const struct http_head *head;
        uint64_t bytes_in;
        int sink;                /* API_STOPPED */
        struct page_result page; /* API_OK */
        struct err err;          /* API_STOPPED, API_MALFORMED, API_STRANGER */
};

/* To be used for any number of attempts, one after the other. `key` is for the redaction, *signs
 * grows with each piece that comes; both must outlive it. done() may free it. */
struct api_attempt *
api_attempt_new(enum page_kind kind, const struct page_sink *sink, const char *key, uint64_t *signs,
                void (*done)(void *ctx, const struct api_attempt_result *result), void *ctx);
/* Takes NULL, returns NULL. Cancels what is under way; not from within its own sink. */
struct api_attempt *api_attempt_free(struct api_attempt *t);

/* The project that the answers must be of, where they say; as api_set_project. */
void api_attempt_expect(struct api_attempt *t, const char *project);

/* Is a body under way of which pieces came that may be other than what was sent? */
bool api_attempt_is_doubtful(const struct api_attempt *t);

/* As http_start; what the sink got before is void. */
int api_attempt_start(struct api_attempt *t, struct http *http, const char *url,
                      const char *const *headers, struct err *e);
