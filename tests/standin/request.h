/* The head of an HTTP/1.x request. */
#pragma once

#include "slice.h"

#include <stdint.h>

#define REQUEST_HEAD_MAX (64 * 1024)        /* as most servers */
#define REQUEST_BODY_MAX (64 * 1024 * 1024) /* a body to be sent back as a fault */

/* Slices of the bytes that were parsed; p is NULL for a header that did not come. */
struct request {
        struct slice method;
        struct slice target; /* path and query as they came */
        struct slice path;
        struct slice query; /* without the question mark */
        struct slice authorization, api_key, accept_encoding, user_agent, organization, project;
        bool keep_alive;
        bool http10;
        bool expects_continue;
        uint64_t content_length;
        struct slice body;
};

/* 0: a whole head, of *ret_length bytes; 1: more bytes are needed; -1: none can help, and
 * *ret_status is the answer to give. The body is for the caller. */
int request_parse(struct slice bytes, struct request *ret, size_t *ret_length, int *ret_status);
