/* Reading one frame back. Decompressing proves nothing (63 % of single-bit flips in a zstd frame
 * read back without an error, 95 % in gzip): unpack_verify() compares the stored bytes' digest
 * with the ledger's first, and only then are they shown. */
#pragma once

#include "base/err.h"
#include "base/sha256.h"
#include "store/name.h"
#include "store/work.h"

#include <stddef.h>
#include <stdint.h>

/* Digest of `length` bytes at `offset` of fd: 0; UNPACK_SHORT: the file ends before; UNPACK_DIFFERS:
 * another digest than expected (NULL: any; the digest is in *ret where that is not NULL); -1. */
#define UNPACK_SHORT   1
#define UNPACK_DIFFERS 2
int unpack_verify(int fd, uint64_t offset, uint64_t length, const uint8_t *expected, uint8_t *ret,
                  struct err *e);
/* The same with a digest that is known, telling that it goes on. */
int unpack_prove(int fd, uint64_t offset, uint64_t length,
                 const uint8_t expected[static SHA256_SIZE], struct work *work, struct err *e);

struct unpack;

/* The frame of `length` stored bytes at `offset`; fd stays the caller's and open. */
int unpack_open(int fd, uint64_t offset, uint64_t length, enum packing packing, struct unpack **ret,
                struct err *e);
/* Count what is read in *work, which must stay. */
void unpack_tell(struct unpack *u, struct work *work);
/* The next bytes of the text, valid until the next call; *ret_n is 0 at its end. ERR_DAMAGE if the
 * frame cannot be decompressed. */
int unpack_next(struct unpack *u, const char **ret, size_t *ret_n, struct err *e);
struct unpack *unpack_free(struct unpack *u);
