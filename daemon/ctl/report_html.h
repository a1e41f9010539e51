/* Texts and numbers in HTML. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

/* A text from outside, for between tags and within quotes: & < > " ' are escaped, control
 * characters and what turns the direction of text are shown as text (ctl/show), newlines too. */
void html_text(struct buf *out, const char *p, size_t n);
/* The same as an element of its own, whose direction leaves its surroundings alone. */
void html_name(struct buf *out, const char *p, size_t n);

#define HTML_NUMBER_MAX 32
/* "1,234", "12.3k", "4.5M": for an axis. */
const char *html_compact(uint64_t n, char out[static HTML_NUMBER_MAX]);
/* A span in its two largest units: "3d 4h", "12min 3s", "158ms". */
#define HTML_SPAN_MAX 64
const char *html_span(usec_t t, char out[static HTML_SPAN_MAX]);
/* "2026-11-01 08:30 UTC" in a <time>; 0: a dash. */
void html_time(struct buf *out, usec_t t);
/* "1,234" */
void html_count(struct buf *out, uint64_t n);
