/* Is a completion there? Asked by its id; what comes back is looked at, and dropped. */
#pragma once

#include "wire/api.h"

/* done() gets API_OK, API_MISSING or what went wrong; as api_start otherwise.
 * patience: as in struct api_query. */
struct api_call *presence_ask(struct api *api, const char *id, usec_t patience,
                              void (*done)(void *ctx, const struct api_reply *reply), void *ctx);
