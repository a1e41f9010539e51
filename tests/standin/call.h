/* A request to the API, taken apart. */
#pragma once

#include "params.h"
#include "request.h"

enum call_class {
        CALL_LIST,
        CALL_MESSAGES,
        CALL_GET,
        CALL_UPDATE,
        CALL_DELETE,
        CALL_OTHER, /* no such path, or no such method on it */
};

#define CALL_CLASSES (CALL_OTHER + 1)

extern const char *const call_class_names[CALL_CLASSES];

struct call {
        enum call_class class;
        bool wrong_method; /* of CALL_OTHER: the path exists */
        struct buf id;     /* the completion's, decoded */
        struct params params;
        const struct request *request;
};

void call_parse(const struct request *r, struct call *ret);
void call_done(struct call *c);
