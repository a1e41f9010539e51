/* The progress line of a walk on a terminal. Nothing at all is written where the descriptor is no
 * terminal (or a dumb one), and every call is harmless there. */
#pragma once

#include "base/clock.h"

#include <stdint.h>

#define PROGRESS_EVERY (USEC_PER_SEC / 10) /* not drawn more often */

struct progress;

/* How far it is. prompts_total > 0 says that the walk itself has ended and prompts are fetched:
 * then there is a bar. */
struct progress_state {
        uint64_t walk; /* its number */
        uint64_t page;
        uint64_t seen;  /* records */
        uint64_t fresh; /* new or changed ones of them */
        uint64_t prompts_done;
        uint64_t prompts_total;
};

/* fd is where to draw (stderr), now a clock that never goes back. The line is plain
 * ASCII unless the environment's locale is UTF-8; setlocale(3) is neither needed nor called. */
struct progress *progress_new(int fd, usec_t now);
struct progress *progress_free(struct progress *p); /* erases the line; takes NULL, returns NULL */

/* Draws, unless it did less than PROGRESS_EVERY ago; asks the terminal for its width each time. The
 * state is copied. Takes NULL. */
void progress_update(struct progress *p, const struct progress_state *state, usec_t now);

/* Erase the line, and draw it again as it was: for what else goes to the terminal; fit for
 * log_set_hook(). */
void progress_hide(void *progress);
void progress_show(void *progress);
