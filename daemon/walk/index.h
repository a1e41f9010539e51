/* Reading archived lines back into the catalog: what store/archive needs when the catalog lacks
 * frames that the ledger has. */
#pragma once

#include "store/archive.h"

/* An archive_index_fn. ERR_DAMAGE if the text is not what this program writes. */
int index_frame(struct catalog *c, const struct frame_ref *frame, uint64_t walk, usec_t time,
                struct unpack *text, struct err *e);
