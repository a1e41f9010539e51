/* What archived records say, whatever their form: base/form's digests of them, looked up in the
 * archive and remembered in the catalog. */
#pragma once

#include "store/archive.h"

#define RECALL_NOT_YET 1 /* no such frame is committed */
#define RECALL_DAMAGED 2 /* it cannot be read back: *e says why; what was read is remembered */

/* Read the completions' frame number `frame`, and remember the form of every record whose newest
 * version it holds: one reading serves all of them. Takes the time that decompressing it takes. */
int recall_forms(struct archive *a, uint64_t frame, struct err *e);
