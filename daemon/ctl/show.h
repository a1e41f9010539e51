/* Texts from outside, made fit for a terminal: control characters are shown, not obeyed. C0 but the
 * newline, DEL, C1, line separators and the characters that turn the direction of text come out as
 * \u001b (within a JSON string that is the same string still), what is not UTF-8 as \xff. */
#pragma once

#include "base/buf.h"

#include <stddef.h>

/* A stream of text, cut anywhere. */
struct show {
        char rest[4]; /* of a character whose end has not come yet */
        size_t n;
};

void show_add(struct show *s, const char *p, size_t n, struct buf *out);
/* The stream has ended: what is left of it. */
void show_end(struct show *s, struct buf *out);

/* A whole text; its newlines are shown too. */
void show_text(struct buf *out, const char *p, size_t n);
