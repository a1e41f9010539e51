/* How long each completion's messages have been asked for in vain, although the completion is
 * there. It outlives the runs of prompts; a restart of the process begins anew. */
#pragma once

#include "base/clock.h"

/* Completions remembered at once: a server without any messages must not fill the memory. 16 KiB. */
#define PATIENCE_MAX 1024

struct patience;

enum patience_word {
        PATIENCE_WAIT, /* not long enough yet */
        PATIENCE_OVER, /* `span` has passed since the first time */
        PATIENCE_FULL, /* there is no room to remember another one: let those be settled first */
};

struct patience *patience_new(usec_t span);
struct patience *patience_free(struct patience *p); /* takes NULL, returns NULL */

/* In vain again; now: boot clock. */
enum patience_word patience_ask(struct patience *p, const char *id, usec_t now);
/* It is settled, one way or the other. */
void patience_forget(struct patience *p, const char *id);
