/* What a walk covers: the server and the filters. Walks of one scope continue each other; of
 * different scopes they do not. */
#pragma once

#include "base/buf.h"
#include "base/sha256.h"

#include <stdint.h>

struct scope {
        const char *base_url;
        const char *model;           /* or NULL */
        const char *const *metadata; /* "KEY=VALUE" …, NULL-terminated, or NULL */
};

/* The filter as the ledger's walk lines have it: null, or {"model":…,"metadata":{…}}. */
void scope_filter(const struct scope *s, struct buf *out);
/* Same server, same filters, same digest; the order in which the pairs are given matters not. */
void scope_digest(const struct scope *s, uint8_t out[static SHA256_SIZE]);
