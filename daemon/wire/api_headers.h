/* The header fields that every request of one api carries. */
#pragma once

#include "wire/api.h"

#define API_HEADERS_MAX 4

struct api_headers {
        char *fields[API_HEADERS_MAX + 1]; /* "Name: value" …, NULL-terminated */
};

void api_headers_init(struct api_headers *h, const struct api_config *config);
void api_headers_done(struct api_headers *h); /* the key in them is overwritten */
