/* What happens to the store on demand: add, delete, edit, restore, reveal. */
#pragma once

#include "params.h"
#include "store.h"

/* verb and its parameters as in control.h; spread as --spread. Appends a JSON object that names
 * what was changed; -1 and a sentence if it is not understood. */
int action_run(struct store *store, uint64_t spread, struct slice verb, const struct params *p,
               struct buf *ret);
