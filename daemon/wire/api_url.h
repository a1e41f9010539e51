/* The URLs of the API's three GETs. */
#pragma once

#include "base/buf.h"
#include "wire/api.h"

/* Append the URL for *query: `order` and `limit` always on lists and messages, every value
 * percent-encoded, extra_query (may be NULL) as it is at the end. */
void api_url_add(struct buf *b, const char *base_url, const char *extra_query,
                 const struct api_query *query);
