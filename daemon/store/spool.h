/* A spool: where a record (or the messages of one completion) waits until it is whole and known to
 * be new. The first SPOOL_MEMORY bytes stay in memory; what is longer, a *giant*, is compressed as
 * it comes into a file without a name, as a frame of its own, so that dropping it costs nothing. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/sha256.h"
#include "store/name.h"

#include <stdbool.h>
#include <stdint.h>

#define SPOOL_MEMORY    262144              /* bytes: 8 spools in flight are 2 MiB */
#define SPOOL_BUSY_WAIT (USEC_PER_SEC / 20) /* between looks at whether a giant's place is free */
#define SPOOL_BUSY      2 /* another giant is under way: ask for this one again later, alone */

struct spool;

/* What the spools of an archive share. There is one place for a giant, because its encoder takes
 * 3 MiB. */
struct spool_place {
        int dirfd;
        enum packing packing;
        int level;
        struct spool *giant;
};

/* The place must outlive the spool. */
struct spool *spool_new(struct spool_place *place);
struct spool *spool_free(struct spool *s); /* takes NULL */
void spool_reset(struct spool *s);         /* empty; gives the giant's place back */

/* More of the line in hand. 0, SPOOL_BUSY (nothing was taken, reset is due), or -1 (ERR_HOST). */
int spool_add(struct spool *s, const void *p, size_t n, struct err *e);
/* Ends the line: a newline, which the digest does not cover. As spool_add. */
int spool_end_line(struct spool *s, struct err *e);

/* Forget what was added behind the first `bytes` bytes (a line's end) and `records` lines. Not for a
 * giant that has more: false, and nothing is changed. */
bool spool_cut(struct spool *s, uint64_t records, uint64_t bytes);

uint64_t spool_records(const struct spool *s); /* lines ended */
uint64_t spool_bytes(const struct spool *s);   /* with their newlines */
/* Of all bytes added but the newlines: for one line, the record's. */
void spool_digest(const struct spool *s, uint8_t out[static SHA256_SIZE]);

bool spool_is_giant(const struct spool *s);
/* Not a giant: its text, valid until the next change. */
const char *spool_text(const struct spool *s);
/* A giant: ends its frame, once; the file and the frame's stored length and digest. The descriptor
 * stays the spool's. */
int spool_finish_giant(struct spool *s, int *ret_fd, uint64_t *ret_length,
                       uint8_t ret_sum[static SHA256_SIZE], struct err *e);
