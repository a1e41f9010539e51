/* Short texts: strict numbers, time spans, sizes, and texts from outside made fit for a line. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole decimal number and nothing else ("12abc", "+1", " 1", "" are errors); -1 if it is not
 * one or does not fit. */
int text_int64(const char *s, size_t n, int64_t *ret);

/* systemd.time(7)'s spans: "5min", "1h 30min", "90" (seconds), "2.5s", "500ms", "1d", "1w"; the
 * units usec us msec ms seconds second sec s minutes minute min m hours hour hr h days day d weeks
 * week w. -1 on anything else or past 292,000 years. */
int text_span(const char *s, usec_t *ret);
/* The shortest such text: "1h 30min". */
#define TEXT_SPAN_MAX 64
const char *text_from_span(usec_t t, char out[static TEXT_SPAN_MAX]);

/* systemd's sizes: "256M", "4K", "1.5G", "1024"; to the base 1024, units B K M G T. -1 on anything
 * else. */
int text_size(const char *s, uint64_t *ret);
#define TEXT_SIZE_MAX 24
const char *text_from_size(uint64_t n, char out[static TEXT_SIZE_MAX]); /* "12.3M" */

/* yes/no, true/false, on/off, 1/0, y/n, t/f, in any case; -1 on anything else. */
int text_bool(const char *s, bool *ret);

/* "1,234,567" */
#define TEXT_COUNT_MAX 32
const char *text_from_count(uint64_t n, char out[static TEXT_COUNT_MAX]);

/* A text from outside as one line of at most room-1 bytes: control characters (C0, DEL, C1) and
 * what is not UTF-8 become '?', white space runs one space, and a text that was cut ends in "...".
 * Never cuts within a character. */
const char *text_line(const char *s, size_t n, char *out, size_t room);

/* The length of the UTF-8 character at s (1 to 4), or 0 if the bytes there are none: overlong,
 * surrogates, past U+10FFFF, cut. */
size_t text_utf8(const char *s, size_t n);
