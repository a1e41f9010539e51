/* Texts that may hold the key, made fit to be logged and stored. */
#pragma once

#include <stddef.h>

#define REDACT_PART 5     /* consecutive bytes of the key that count as a part of it */
#define REDACT_MAX  16384 /* bytes of a text that are looked at; the rest is dropped */

/* s as one line (text_line) of at most room-1 bytes in `out`, with each word replaced by [redacted]
 * that holds REDACT_PART consecutive bytes of the key (all of a shorter key), in any case, also
 * where they are written as escapes of JSON, percent signs or entities of HTML, or that starts with
 * "sk-", as masked keys do. Words end at white space, quotes, brackets, commas and semicolons; a
 * full stop or colon at a word's end is none of it. `key` may be NULL or "". Returns out. */
const char *redact_line(const char *s, size_t n, const char *key, char *out, size_t room);
