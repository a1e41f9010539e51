/* A growing segment: one file of concatenated frames, `….open` until it is sealed. Bytes are
 * written behind the last committed one; a commit makes them stay, an undo takes them back. */
#pragma once

#include "base/err.h"
#include "base/sha256.h"
#include "store/name.h"
#include "store/work.h"

#include <stdbool.h>
#include <stdint.h>

#define SEGMENT_PIECE        (16 << 20)  /* bytes copied in one go: seconds, on a slow disk */
#define SEGMENT_UNSYNCED_MAX (256 << 20) /* bytes that one sync waits for: not for minutes */
#define SEGMENT_UNSYNCED     (-2)

struct segment {
        struct name name;
        char path[NAME_MAX_BYTES]; /* below the archive's directory, with .open */
        int dirfd;                 /* the archive's; not owned */
        int fd;
        uint64_t committed, written;        /* bytes */
        usec_t first;                       /* when its first frame was committed; 0: none yet */
        struct sha256 *sum, *sum_committed; /* of its bytes up to written, up to committed */
};

/* Make the file and its directories, durable in their parents. ERR_HOST. */
int segment_new(int dirfd, const struct name *name, struct segment **ret, struct err *e);

/* Go on with an .open whose first `committed` bytes are on the disk for certain and are all there
 * is; reads them for the digest. */
int segment_resume(int dirfd, const struct name *name, uint64_t committed, usec_t first,
                   struct segment **ret, struct err *e);
/* The same, telling that it goes on. */
int segment_resume_telling(int dirfd, const struct name *name, uint64_t committed, usec_t first,
                           struct work *work, struct segment **ret, struct err *e);

int segment_write(struct segment *s, const void *p, size_t n, struct err *e);
/* Take written bytes back, down to `length` (not less than are committed). */
int segment_cut(struct segment *s, uint64_t length, struct err *e);
/* Append n bytes of another file, from its start, telling that it goes on, and syncing now and then:
 * a giant has gigabytes. -1; or SEGMENT_UNSYNCED: it was a sync that failed, see segment_sync. */
int segment_append_file(struct segment *s, int fd, uint64_t n, struct work *work, struct err *e);

/* fdatasync. After an error the kernel has forgotten what it lost: undo, close, and write no more
 * to this segment in this run. */
int segment_sync(struct segment *s, struct err *e);
/* The written bytes are committed now. */
void segment_settle(struct segment *s, usec_t now);
/* Back to the last committed length; a segment that has none committed is removed, and may only be
 * freed then. */
int segment_undo(struct segment *s, struct err *e);

/* Mode 0440, fsync, rename to its final name, fsync of the directory. All written bytes must be
 * committed. Gives the path without .open and the digest of the file. */
int segment_seal(struct segment *s, char ret_path[static NAME_MAX_BYTES],
                 uint8_t ret_sum[static SHA256_SIZE], struct err *e);

struct segment *segment_free(struct segment *s); /* the file stays as it is */
