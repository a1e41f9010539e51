/* Reading a frame's text line by line, whatever the length of a line. */
#pragma once

#include "store/unpack.h"

#include <stdint.h>

struct lines_sink {
        int (*piece)(void *ctx, const char *p, size_t n, struct err *e); /* never empty */
        int (*end)(void *ctx, struct err *e);                            /* of a line */
        void *ctx;
};

/* 0; -1, also when the sink returns anything but 0; ERR_DAMAGE if there are not exactly `records`
 * whole lines. */
int lines_read(struct unpack *text, uint64_t records, const struct lines_sink *sink, struct err *e);
