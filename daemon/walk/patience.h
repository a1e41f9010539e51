/* How long each completion's messages have been asked for in vain, although the completion is
 * there. It outlives the runs of prompts; a restart of the process begins anew. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

/* Completions remembered at once: a server without any messages must not fill the memory. 24 KiB. */
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
/* Asking for it has failed, whatever the reason: for PATIENCE_OFF it is not asked for again, so that
 * those that fail do not take all the turns. Without room it is not remembered. */
#define PATIENCE_OFF (10 * USEC_PER_MIN)
void patience_put_off(struct patience *p, const char *id, usec_t now);
bool patience_is_off(const struct patience *p, const char *id, usec_t now);
/* It is settled, one way or the other. */
void patience_forget(struct patience *p, const char *id);
