/* A frame's text, and the lines in it that are some completion's: `id` of a line of completions and
 * changes, `completion_id` of messages. The frame that was read last stays in memory, with a table
 * of its lines, so that many questions about one frame cost one reading of it. */
#pragma once

#include "base/err.h"
#include "ctl/places.h"
#include "ctl/record.h"

#include <stdbool.h>
#include <stddef.h>

#define LEAF_MAX     16777216 /* bytes of plain text in memory; a larger frame is gone through */
#define LEAF_DAMAGED 1000     /* *e says what is wrong with the frame */

struct leaf;

struct leaf *leaf_new(int dirfd);       /* stays the caller's */
struct leaf *leaf_free(struct leaf *l); /* takes NULL, returns NULL */

/* Is this frame the one in memory? */
bool leaf_holds(const struct leaf *l, const struct place *place);
/* Call fn for each such line, in order; it stands in *to then. fn returns 0, -1, or a positive
 * number below LEAF_DAMAGED to end it; these come back. Nothing is handed on that the frame's digest
 * does not prove; of a larger one than LEAF_MAX, damage of another kind may be found only behind
 * what was. */
int leaf_each(struct leaf *l, const struct place *place, const char *id, size_t n,
              struct record *to, int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e);
