/* The squeeze: walks every byte of a JSON text once, drops the white space between its tokens, and
 * makes two texts of it: the *text*, which the archive keeps, and the *eyes*, which the parser
 * reads. They are the same but for long strings: of a string the eyes hold at most the first
 * SQUEEZE_SHOWN bytes (cut between characters and between escapes) and its closing quote. A parser
 * that buffers tokens can so never be made to buffer much, and has less to read: where nobody asks
 * for strings, deep within a record, it sees hardly more than that one is there. The eyes also end before a string's
 * first escaped surrogate without its partner: no two parsers decode one alike.
 *
 * It refuses what the parser then cannot see or does not mind: bytes that are not strict UTF-8, bad
 * escapes, control characters in strings, white space other than the four bytes of RFC 8259, bytes
 * that no token has (a byte order mark, say), and any token other than a string of more than
 * SQUEEZE_SCALAR_MAX bytes. It does not parse: brackets, commas and the spelling of numbers are
 * the parser's. It joins no tokens: white space between two bytes of scalars (or between strings,
 * or one of each) stays, as one space, in both texts. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SQUEEZE_CHUNK      65536 /* bytes of text or eyes handed on at once: yajl likes 64 KiB */
#define SQUEEZE_SHOWN      256   /* bytes of a string's inside that the parser sees, */
#define SQUEEZE_SHOWN_DEEP 16    /* and of one in more objects and arrays than */
#define SQUEEZE_DEPTH      3     /* that: no member of a page or a record stands there */
#define SQUEEZE_SCALAR_MAX 1024  /* longest number or word; real ones have 24 bytes */
#define SQUEEZE_MARKS_MAX  512   /* marks in one chunk; a full table ends the chunk early */

enum squeeze_flag {
        SQUEEZE_CUT = 1,  /* the eyes hold only the string's start */
        SQUEEZE_LONE = 2, /* … up to a surrogate without its partner; never without SQUEEZE_CUT */
        SQUEEZE_STRING = 4, /* squeeze_open() only: within a string */
        SQUEEZE_SCALAR = 8, /* squeeze_open() only: behind a scalar's byte, which may go on */
};

/* eyes[eyes] and text[text] are the same closing quote, of a string with these flags (never none).
 * Marks stand in the order of the text. Behind the last mark (or from the start) both texts run in
 * step, but for the hidden part of a string, which ends in a mark. */
struct squeeze_mark {
        uint32_t eyes;
        uint32_t text;
        unsigned flags;
};

struct squeeze_chunk {
        const char *text;
        size_t n_text; /* 1 to SQUEEZE_CHUNK */
        const char *eyes;
        size_t n_eyes; /* at most n_text; 0 inside a long string */
        const struct squeeze_mark *marks;
        size_t n_marks;
};

/* Takes a chunk; it is valid only during the call. Non-zero stops and comes back from feed/end. */
typedef int (*squeeze_out_fn)(void *ctx, const struct squeeze_chunk *chunk, struct err *e);

struct squeeze;

struct squeeze *squeeze_new(squeeze_out_fn out, void *ctx);
struct squeeze *squeeze_free(struct squeeze *s); /* takes NULL, returns NULL */
void squeeze_reset(struct squeeze *s);           /* to the start of a new text */

/* Any n, any cut of the input: neither the texts nor their chunks depend on it. What out()
 * returned, or -1 (ERR_SOURCE: refused, with the reason and the offset in the input). When bytes
 * are refused, what stood before them has been handed on first, except an escape whose end (or
 * whose partner) has not come yet. After a failure only reset and free are allowed. */
int squeeze_feed(struct squeeze *s, const char *in, size_t n, struct err *e);

/* The text has ended: hands on what is left, except an unfinished escape. Whether it was complete
 * is the parser's to say. */
int squeeze_end(struct squeeze *s, struct err *e);

/* What the input so far ends in the middle of: 0, SQUEEZE_SCALAR, or SQUEEZE_STRING with what is
 * known of that string. So who reads the eyes can tell a token that was cut from one that is bad
 * (`tru` may go on, `tru ` may not). */
unsigned squeeze_open(const struct squeeze *s);
