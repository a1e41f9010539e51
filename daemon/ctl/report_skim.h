/* A few members out of lines of JSON, in one pass and in constant memory, whatever a line's size:
 * the report reads every record for its date, its model and its tokens, and nothing else of it.
 *
 * The lines were proven, and well-formed when they were archived. Those of a forged archive may be
 * anything: then the values may be wrong, and nothing worse happens. */
#pragma once

#include "base/json.h"
#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>

#define SKIM_WANTS_MAX 4
#define SKIM_VALUE_MAX 1024 /* bytes of a value as it stands in the line; longer ones are cut */

struct skim_want {
        const char *within; /* NULL: a member of the record; else of that member's object */
        const char *key;
};

struct skim;

/* fn is called for each line, at its newline: values[i] of wants[i], a string, a number or a word
 * (as JSON_NULL, as are those that are not there; then p is NULL). Where a key comes twice, the last
 * one. digest: of the line without its newline, if `digests`; else NULL. fn and wants must stay. */
struct skim *skim_new(const struct skim_want *wants, size_t n, bool digests,
                      void (*fn)(void *ctx, const struct json *values, const uint8_t *digest),
                      void *ctx);
struct skim *skim_free(struct skim *s); /* takes NULL, returns NULL */
/* Text, cut anywhere. */
void skim_feed(struct skim *s, const char *p, size_t n);
/* Forget a line whose end has not come. */
void skim_reset(struct skim *s);
