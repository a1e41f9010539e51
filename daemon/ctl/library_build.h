/* A catalog for a reader who cannot use the archive's own. */
#pragma once

#include "base/err.h"
#include "ctl/chain.h"
#include "ctl/damage.h"
#include "store/catalog.h"

#define LIBRARY_PARTLY 1 /* some frames are damaged, and told: what they hold is left out */

/* From all frames up to chain->good, in a file without a name: completions, their history and the
 * segments, as the daemon has them; of walks and of what was seen it knows nothing. 0,
 * LIBRARY_PARTLY (*e is what is wrong with the first), or -1. *ret is the caller's to close. */
int library_build(const struct chain *chain, struct damage *d, struct catalog **ret, struct err *e);
