/* The segments of an archive, from the directories' listing and from the ledger, each once. Some
 * 150 bytes a segment; nothing is kept of records or frames. */
#pragma once

#include "store/name.h"

#include <stdbool.h>
#include <stdint.h>

struct shelf_segment {
        struct name name;   /* its sealed name */
        bool listed_sealed; /* that name was seen in the tree, before the ledger was read */

        /* of the ledger's lines */
        uint64_t frames, records;
        uint64_t end; /* bytes that its frames have, or that its seal line says */
        bool sealed;

        /* of the file */
        bool unread;          /* the system does not let us: told, once */
        bool harmed;          /* some of its bytes are known to be wrong */
        bool cut;             /* it ends before a frame does … */
        uint64_t cut_offset;  /* … which begins here, the first of those … */
        uint64_t cut_records; /* … that have so many records together */
};

struct shelf;

struct shelf *shelf_new(void);
struct shelf *shelf_free(struct shelf *s); /* takes NULL */

/* The segment of that name, .open or not; put there, empty, if it is new. */
struct shelf_segment *shelf_get(struct shelf *s, const struct name *name);
/* All, by stream and number. */
void shelf_each(struct shelf *s, void (*fn)(void *ctx, struct shelf_segment *segment), void *ctx);
