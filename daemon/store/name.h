/* The names of the archive's files: `STREAM/archived=YYYY-MM-DD/NNNNNNNN.jsonl[.EXT][.open]`. What
 * a ledger says of paths is believed only through here, so that none leads out of the archive. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_BYTES  96       /* any name here, NUL included */
#define NAME_NUMBER_MAX 99999999 /* eight digits: at one segment a minute, 190 years */

enum stream { STREAM_COMPLETIONS, STREAM_MESSAGES, STREAM_CHANGES, STREAMS };

/* How frames are compressed; the segment's extension says which. */
enum packing { PACKING_NONE, PACKING_GZIP, PACKING_XZ, PACKING_LZ4, PACKING_ZSTD, PACKINGS };

struct name {
        enum stream stream;
        enum packing packing;
        uint32_t number; /* from 1, growing within its stream */
        bool open;       /* still growing: ends in .open */
        char date[11];   /* UTC, of its first frame */
};

const char *stream_name(enum stream s);                      /* "completions" */
int stream_parse(const char *s, size_t n, enum stream *ret); /* -1 if it is none */
const char *packing_name(enum packing p);                    /* "zstd" */
const char *packing_extension(enum packing p);               /* ".zst"; "" for none */
int packing_parse(const char *s, enum packing *ret);         /* of packing_name()'s; -1 */

/* The path below the archive's directory. */
const char *name_path(const struct name *n, char out[static NAME_MAX_BYTES]);
/* Its directory: `STREAM/archived=YYYY-MM-DD`. */
const char *name_dir(const struct name *n, char out[static NAME_MAX_BYTES]);
/* Takes exactly what name_path writes; -1 on anything else. */
int name_parse(const char *path, size_t n, struct name *ret);
