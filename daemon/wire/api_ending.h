/* What it means that an attempt did not bring a well-formed page, and how to say it to the person
 * who reads the journal. */
#pragma once

#include "wire/api.h"

struct api_ending {
        int status;           /* 0: no response came */
        bool trust;           /* the peer's certificate was refused */
        bool cut;             /* 200, but the transfer failed or the text ended early */
        bool empty;           /* 200, an empty page that says there is more */
        bool quota;           /* the error's body speaks of it */
        const char *problem;  /* what the transport says; NULL or "" if nothing */
        const char *message;  /* of the error's body; NULL or "" if none */
        const char *location; /* of a redirect, or NULL */
};

/* Did the server do as it should? */
bool api_ending_is_well(const struct api_ending *ending);
/* The outcome if it is not tried again. */
enum api_outcome api_ending_outcome(const struct api_ending *ending);
/* Fill in *retry's status, transport and quota, to ask retry_decide(). False if that is no
 * question: a certificate was refused. */
bool api_ending_retry(const struct api_ending *ending, struct retry_case *retry);

/* What happened, in one line: for each attempt. */
#define API_ENDING_TEXT_MAX 400
void api_ending_say(const struct api_ending *ending, char out[static API_ENDING_TEXT_MAX]);
/* The same as an error: with the number of retries that it had, the wait that was asked for (0 if
 * none), and what a person can do. */
void api_ending_err(const struct api_ending *ending, unsigned retries, usec_t announced,
                    struct err *e);
