/* An open frame: records of one stream on their way into its segment. Either it encodes straight
 * into the segment, or (while another stream's frame has the encoder) it waits as plain text, in
 * memory up to FRAME_MEMORY and then in a file without a name. */
#pragma once

#include "base/err.h"
#include "base/sha256.h"
#include "store/name.h"
#include "store/segment.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MEMORY 262144 /* bytes of a waiting frame kept in memory */

/* A finished frame, as a ledger line has it. */
struct frame_ref {
        enum stream stream;
        char segment[NAME_MAX_BYTES]; /* its sealed path */
        uint64_t offset, length;      /* bytes stored */
        uint8_t sum[SHA256_SIZE];     /* of them */
        uint64_t records, bytes;      /* lines, and their plain bytes */
};

struct frame;

struct frame *frame_new(int dirfd, enum packing packing, int level, usec_t now);
struct frame *frame_free(struct frame *f); /* unfinished: what it wrote is the segment's to undo */

/* Encode into the segment's end from now on (the segment must take nothing else meanwhile). */
int frame_encode(struct frame *f, struct segment *s, struct err *e);
bool frame_encodes(const struct frame *f);

int frame_add(struct frame *f, const void *p, size_t n, uint64_t records, struct err *e);
uint64_t frame_bytes(const struct frame *f); /* plain */
usec_t frame_first(const struct frame *f);   /* when it was opened */

/* Back to its first `bytes` plain bytes, `records` lines. One that encodes takes its bytes out of the
 * segment again and waits from then on. */
int frame_cut(struct frame *f, uint64_t records, uint64_t bytes, struct err *e);
uint64_t frame_records(const struct frame *f);

/* Ends it; frame_encode must have been called. */
int frame_finish(struct frame *f, struct frame_ref *ret, struct err *e);
