/* The strings of a record as text for a person, in pieces, whatever their size. Nothing raw of them
 * comes out but their newlines: control characters are shown (ctl/show), tabs are spaces. */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "ctl/verb.h"

#include <stdbool.h>
#include <stddef.h>

/* Longer texts are cut on a terminal, where nobody reads them, and the line that says so names their
 * size; in a pipe or a file they are whole. */
#define PROSE_TERMINAL_MAX (1024 * 1024)

/* Lines, each behind `indent` spaces, so that no text can pass for what stands around it; ends with
 * a newline. What is no string: its JSON text. */
void prose_put(const struct verb *v, const struct json *text, unsigned indent);
/* The string alone, without anything around it: raw where no terminal reads it. */
void prose_bare(const struct verb *v, const struct json *text);
/* Its first line that is not empty, white space runs one space, up to `max` bytes of it or a few
 * more; true if there was more than that. Reads no further than needed. */
bool prose_line(const struct json *text, size_t max, struct buf *out);

/* A string in pieces, decoded: fn gets each; a character, or what passes for one, may be cut. False
 * ends it. */
void prose_each(const struct json *text, bool (*fn)(void *ctx, const char *p, size_t n), void *ctx);
