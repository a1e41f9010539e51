/* Output to a person: a pager and colours, as systemd's tools have them. $CHATARCHIVE_PAGER,
 * $PAGER (empty or "cat": none), else less, more; only where stdout is a terminal. less gets
 * $LESS=FRSXMK unless set, and LESSSECURE=1. */
#pragma once

#include "ctl/verb.h"

#include <stdbool.h>

struct pager;

/* Starts it and puts v->out in its place; NULL if there is none to start. v->out_terminal stays
 * true: nothing raw goes to a terminal behind a pager either. */
struct pager *pager_open(struct verb *v);
struct pager *pager_close(struct pager *p); /* waits for it; takes NULL, returns NULL */

/* Escape sequences of the terminal, "" where none are wanted ($NO_COLOR, TERM=dumb, no
 * terminal). */
enum colour {
        COLOUR_NONE,
        COLOUR_BOLD,
        COLOUR_DIM,
        COLOUR_RED,
        COLOUR_GREEN,
        COLOUR_YELLOW,
        COLOUR_BLUE,
        COLOURS
};
const char *colour(const struct verb *v, enum colour c); /* COLOUR_NONE ends all */
