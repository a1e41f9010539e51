/* Looking into JSON that is in memory: values are slices of the text. Lenient (what is malformed is
 * not found), because it only ever reads what this program made or a test handed it. */
#pragma once

#include "buf.h"

struct json_member {
        struct slice key;   /* with its quotes, as spelled */
        struct slice value; /* less the white space around it */
};

/* The first value in text, white space before it skipped; p is NULL if there is none. */
struct slice json_value(struct slice text);

/* The first member whose key, decoded, is `key`. */
bool json_member(struct slice object, struct slice key, struct json_member *ret);

/* Steps through an array: start with *at = 0; false at its end. */
bool json_item(struct slice array, size_t *at, struct slice *ret);

/* The characters of a quoted string, decoded; a lone surrogate becomes its three bytes. False if
 * the value is no string. */
bool json_decode(struct slice string, struct buf *ret);

/* Append the text less the white space outside its strings. */
void json_compact(struct slice text, struct buf *ret);
