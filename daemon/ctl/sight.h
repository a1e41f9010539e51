/* Under which of its two names is a segment there? */
#pragma once

#include "store/name.h"

#include <stdbool.h>
#include <stdint.h>

struct sight {
        char sealed_path[NAME_MAX_BYTES], open_path[NAME_MAX_BYTES];
        bool sealed, open;                   /* a regular file of that name is there */
        uint64_t sealed_length, open_length; /* bytes, if it is */
        int error;                           /* errno's value: the system would not say; else 0 */
};

/* The names as they are at one moment: one that is renamed meanwhile is not seen twice, and not
 * missed. */
void sight_take(int dirfd, const struct name *name, struct sight *ret);
/* The path that there is; the sealed one if there are both, or none. */
const char *sight_path(const struct sight *s);
