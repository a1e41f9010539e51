/* Compressing one frame: a complete zstd frame, gzip member, xz stream or lz4 frame. Concatenated,
 * frames are one valid file. The writing half of libarchive (unpack is the other). */
#pragma once

#include "base/err.h"
#include "store/name.h"

#include <stddef.h>

struct pack; /* about 3 MiB alive at zstd's level 3, so at most two are (DESIGN.md) */

/* Where the compressed bytes go; 0, or -1 with *e filled in. */
typedef int (*pack_write_fn)(void *ctx, const void *p, size_t n, struct err *e);

/* level 0 is the compressor's default. ERR_CONFIG if libarchive refuses it. */
int pack_new(enum packing packing, int level, pack_write_fn write, void *ctx, struct pack **ret,
             struct err *e);
int pack_add(struct pack *p, const void *bytes, size_t n, struct err *e);
/* Ends the frame: the last bytes are written (a full disk shows only here). At least one byte must
 * have been added: an empty frame crashes lz4's filter. p still has to be freed. */
int pack_finish(struct pack *p, struct err *e);
struct pack *pack_free(struct pack *p); /* what was not finished is dropped; takes NULL */

/* Whether a level suits: 0 for the default, else the compressor's range. */
int pack_level_check(enum packing packing, int level);
