/* Reading segments from the outside, under whichever name they have at the moment: one that grows
 * may be sealed meanwhile. Nothing of a frame is handed on before its digest was compared. */
#pragma once

#include "base/err.h"
#include "store/frame.h"
#include "store/unpack.h"

#include <stddef.h>
#include <stdint.h>

/* Positive results; *e holds what is wrong, to be put behind the name and offset. All but STOPPED
 * are damage. */
enum reading {
        READING_MISSING = 1, /* no such file, or no regular one */
        READING_CUT,         /* the file ends before the frame does */
        READING_DIFFERS,     /* another digest */
        READING_BROKEN,      /* the digest is right, and still it is not what the ledger says */
        READING_UNREADABLE,  /* the disk failed */
        READING_STOPPED,     /* the sink said so */
};

/* Pieces of plain text; 0, or anything else to stop. */
typedef int (*reading_sink)(void *ctx, const char *p, size_t n);

/* How long is the segment (its sealed path is given)? */
int reading_length(int dirfd, const char *segment, uint64_t *ret, struct err *e);
/* Does the file reach to the frame's end? Nothing is read. */
int reading_reach(int dirfd, const struct frame_ref *frame, struct err *e);
/* Read the whole frame: digest, plain bytes, records, last newline. sink may be NULL. What a sink
 * was given before BROKEN or UNREADABLE came was proven bytes. */
int reading_frame(int dirfd, const struct frame_ref *frame, enum packing packing, reading_sink sink,
                  void *ctx, struct err *e);
/* Compare the digest of the segment's first `length` bytes. */
int reading_segment(int dirfd, const char *segment, uint64_t length,
                    const uint8_t sum[static SHA256_SIZE], struct err *e);

/* A proven frame, opened for unpacking by the caller. */
struct reading_text {
        int fd;
        struct unpack *text;
};
int reading_open(int dirfd, const struct frame_ref *frame, enum packing packing,
                 struct reading_text *ret, struct err *e);
void reading_close(struct reading_text *r);
