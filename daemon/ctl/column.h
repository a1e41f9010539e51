/* Texts in the columns of a terminal. */
#pragma once

#include "base/buf.h"
#include "ctl/verb.h"

#include <stdbool.h>
#include <stddef.h>

#define COLUMN_NONE 0

/* How wide the terminal is ($COLUMNS, if it says so); COLUMN_NONE: there is none. */
size_t column_terminal(const struct verb *v);
/* How many columns the text takes: UTF-8 with nothing in it that a terminal obeys (ctl/show). */
size_t column_width(const char *p, size_t n);
/* Append the text, cut to `width` columns, the last one a "…" if something was cut (or if `more` was
 * before it came here), padded with spaces if `pad`. */
void column_put(struct buf *out, const char *p, size_t n, size_t width, bool more, bool pad);
