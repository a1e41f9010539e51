/* Which line of the completions is the newest version of its id? The catalog knows, and is asked
 * only about ids that may have more than one. Memory: a fixed table, and a little for what was
 * changed while the lines were read. */
#pragma once

#include "base/err.h"
#include "ctl/damage.h"
#include "ctl/library.h"
#include "store/frame.h"

#include <stdbool.h>
#include <stddef.h>

struct latest;

/* The library and the damage must stay; the chain was checked. */
int latest_new(struct library *l, const struct damage *d, struct latest **ret, struct err *e);
struct latest *latest_free(struct latest *l); /* takes NULL, returns NULL */

/* The completions' frames are to be gone through in order: a frame begins, then each of its
 * lines. 1: it is the newest, 0: it is not, or that is not clear yet; -1. */
int latest_frame(struct latest *l, const struct frame_ref *frame, struct err *e);
int latest_line(struct latest *l, const char *p, size_t n, struct err *e);

/* All lines were given. True: somebody is writing, and for some ids the catalog already knows a
 * version behind the last line of the ledger that was read. All lines are to be given once more;
 * the newest of those ids that are among them come out then, and nothing else. */
bool latest_again(struct latest *l);
