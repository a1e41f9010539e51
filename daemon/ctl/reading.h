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

/* A segment that is open. Only what was committed before it was opened is to be asked of it: that
 * is there in this file whatever becomes of its name. Read by any number of threads at once. */
struct reading_file {
        int fd;
        uint64_t length;              /* bytes, when it was opened */
        char segment[NAME_MAX_BYTES]; /* its sealed path */
        unsigned refs;
};

/* One of the segments that were opened last, a stream's frames coming one behind another: opened
 * anew only if it is not there. For one thread; so are the references. */
struct reading_files {
        int dirfd;
        struct reading_file *last[STREAMS]; /* NULL at first */
};
int reading_files_get(struct reading_files *f, enum stream stream, const char *segment,
                      struct reading_file **ret, struct err *e);
struct reading_file *reading_file_drop(struct reading_file *f); /* takes NULL, returns NULL */
void reading_files_done(struct reading_files *f);

/* Does the file reach to the frame's end? Nothing is read. */
int reading_file_reach(const struct reading_file *f, const struct frame_ref *frame, struct err *e);
/* Read the whole frame: digest, plain bytes, records, last newline. sink may be NULL; it gets no
 * more bytes than the ledger says. What it was given before BROKEN or UNREADABLE came was proven
 * bytes. */
int reading_file_frame(const struct reading_file *f, const struct frame_ref *frame,
                       enum packing packing, reading_sink sink, void *ctx, struct err *e);
/* Compare the digest of the segment's first `length` bytes. */
int reading_file_prove(const struct reading_file *f, uint64_t length,
                       const uint8_t sum[static SHA256_SIZE], struct err *e);
/* A single frame, its segment opened for it. */
int reading_frame(int dirfd, const struct frame_ref *frame, enum packing packing, reading_sink sink,
                  void *ctx, struct err *e);

/* A proven frame, opened for unpacking by the caller. */
struct reading_text {
        int fd;
        struct unpack *text;
};
int reading_open(int dirfd, const struct frame_ref *frame, enum packing packing,
                 struct reading_text *ret, struct err *e);
void reading_close(struct reading_text *r);
