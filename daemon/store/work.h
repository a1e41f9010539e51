/* Long work that tells now and then that it goes on, for a watchdog. Counting is cheap: do it where
 * the lines and the bytes are read. */
#pragma once

#include <stdint.h>

#define WORK_LINES 1024      /* tell once that many lines were read */
#define WORK_BYTES (1 << 20) /* or that many bytes */

struct work {
        void (*tell)(void *ctx); /* NULL: nobody asks */
        void *ctx;
        uint64_t lines, bytes; /* since it was told last */
};

/* So many more were read. w may be NULL. Neither may be forgotten between more than a few: what was
 * not counted is not told. */
void work_lines(struct work *w, uint64_t n);
void work_bytes(struct work *w, uint64_t n);
