/* Reading JSON texts that are in memory, or mapped, whole: lines of the ledger, error bodies, and what
 * chatarchivectl shows of records. The daemon never reads a record with it (wire/page does that, in a
 * stream). Values are slices of the text; nothing is allocated but by json_string. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 512 /* deeper is refused: the reader recurses. wire/page takes no more */

enum json_type {
        JSON_NULL,
        JSON_BOOL,
        JSON_NUMBER,
        JSON_STRING,
        JSON_OBJECT,
        JSON_ARRAY,
};

struct json {
        enum json_type type;
        const char *p; /* first byte of the value, in the caller's text */
        size_t n;
};

/* The text must be one value with nothing but white space around it, strictly JSON but for its
 * strings, whose UTF-8 is not checked. -1 if it is not. */
int json_parse(const char *p, size_t n, struct json *ret);

/* The value of an object's member; where the key comes twice, the last one. False if there is none
 * or v is no object. Keys are compared decoded. */
bool json_member(const struct json *v, const char *key, struct json *ret);
/* The same of n keys, reading the object once: ret[i] is the value of keys[i]; a JSON_NULL whose p
 * is NULL if there is none. */
void json_members(const struct json *v, const char *const *keys, size_t n, struct json *ret);

/* Steps through an object's members or an array's elements. Start with *at = 0; false at the end.
 * ret_key may be NULL; for arrays it is left alone. The key is the raw string, quotes included. */
bool json_next(const struct json *v, size_t *at, struct json *ret_key, struct json *ret);

/* Within a string: the first byte from p on that means something there (a quote, a backslash, a
 * control character), or end. For those who read a text in pieces. */
const char *json_plain(const char *p, const char *end);
/* Append a string's decoded text. A lone surrogate comes out as the three bytes that UTF-8 would
 * give it, so that different strings stay different. -1 if v is no string. */
int json_string(const struct json *v, struct buf *out);
/* Exactly this text? */
bool json_equals(const struct json *v, const char *text);
/* Whole numbers only: "1.0" and "1e3" are none. */
int json_int64(const struct json *v, int64_t *ret);
