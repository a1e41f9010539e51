/* The inner loops over the inside of a JSON string. Pure functions over bytes; the place for
 * what a processor can do better. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A UTF-8 character that has begun; all zero between characters. */
struct scan_char {
        unsigned need;           /* continuation bytes that it still wants, */
        unsigned char low, high; /* and the range of the next one */
};

/* Copies bytes that mean nothing in a string but themselves, ASCII without control characters, `"`
 * and `\`, until another one comes or n are copied: how many. `to` has room for n + SCAN_SLACK
 * bytes: what stands behind the copied ones is overwritten. p and `to` do not overlap. */
#define SCAN_SLACK 16
size_t scan_copy(char *to, const unsigned char *p, size_t n);
/* The same without a processor's help: where there is none, and for tests. */
size_t scan_copy_portable(char *to, const unsigned char *p, size_t n);

/* How many bytes from p on are of characters past ASCII, strictly (RFC 3629: no overlong ones, no
 * surrogates, none past U+10FFFF). *c carries a character over from piece to piece. Stops at a byte
 * that is of none; if a character wants another one there, c->need is not 0. */
size_t scan_utf8(struct scan_char *c, const unsigned char *p, size_t n);

/* The length of the whole escape at p (2 or 6), or 0 if there is none, or not all of it, or one
 * that JSON does not know. */
size_t scan_escape(const unsigned char *p, size_t n);
bool scan_short_escape(unsigned char c); /* may c stand behind a `\` and end the escape? */
bool scan_hex(unsigned char c);
