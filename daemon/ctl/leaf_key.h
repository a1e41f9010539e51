/* Whose is a line of the archive? */
#pragma once

#include "base/buf.h"
#include "store/name.h"

#include <stdbool.h>
#include <stddef.h>

struct leaf_key {
        const char *p; /* decoded; in the line, or in the scratch */
        size_t n;
};

/* The value of the line's first member of that name, a string. False: it has none, or is no JSON. */
bool leaf_key(enum stream stream, const char *line, size_t n, struct buf *scratch,
              struct leaf_key *ret);
