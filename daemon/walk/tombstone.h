/* Tombstones: a completion that the server does not have any more, and one that came back. Each is a
 * line in `changes` and a mark in the catalog. */
#pragma once

#include "base/clock.h"
#include "store/archive.h"

#define TOMBSTONE_RETENTION (30 * USEC_PER_DAY) /* what upstream keeps: then gone means expired */

/* {"type":"gone",…}, with how it was known. `spool` is used and left empty. On failure
 * archive_undo() is due. */
int tombstone_put(struct archive *a, struct spool *spool, const char *id, size_t n,
                  const struct catalog_record *known, const char *request_id, usec_t now,
                  struct err *e);
/* {"type":"returned",…}, likewise. */
int tombstone_lift(struct archive *a, struct spool *spool, const char *id, size_t n,
                   const struct catalog_record *known, const char *request_id, usec_t now,
                   struct err *e);
/* Had its 30 days passed by then? */
bool tombstone_is_expired(int64_t created, usec_t now);
