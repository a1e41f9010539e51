/* Where frames lie, by their number within the stream: the catalog names the segment, the ledger has
 * the line. What the ledger says of a frame is believed, as each line proves itself. */
#pragma once

#include "base/err.h"
#include "store/catalog.h"
#include "store/frame.h"
#include "store/name.h"

struct place {
        struct frame_ref ref;
        enum packing packing;
        uint64_t line; /* offset of its line in the ledger */
        usec_t time;
        uint64_t walk;
        char request_id[128]; /* "": unknown */
};

#define PLACES_NONE 1 /* there is no such frame, as far as the catalog and the ledger agree */
#define PLACES_BAD  2 /* its line in the ledger is damaged: *ret has its offset in `line`, no more */

struct places;

/* fd is the ledger's, and stays the caller's. */
struct places *places_new(int fd);
struct places *places_free(struct places *p); /* takes NULL, returns NULL */
/* Reads the ledger from the segment's first line on, or from where it has been before. 0,
 * PLACES_NONE, PLACES_BAD, -1. */
int places_find(struct places *p, struct catalog *c, enum stream stream, uint64_t frame,
                struct place *ret, struct err *e);
