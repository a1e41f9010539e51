/* A few members of a record, out of its text as the archive has it, however deep and long it is.
 * Records were checked when they came; here hostile bytes are only kept from doing harm. */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "store/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values of the outermost object's members keys[0] to keys[count-1], the first of each; a
 * JSON_NULL whose p is NULL where there is none. Reads no further than it has to. Of the values only
 * the beginning and the end are known: json_parse() them before more is asked. */
void member_find(const char *p, size_t n, const char *const *keys, size_t count, struct json *ret);

/* The id of the completion that a line of the stream is, or is about; decoded, in place of what *ret
 * holds. -1: it names none. */
int member_id(enum stream stream, const char *p, size_t n, struct buf *ret);
/* When it was created (completions), or observed (changes): seconds since 1970. -1: it does not say,
 * as messages never do. */
int member_moment(enum stream stream, const char *p, size_t n, int64_t *ret);
