/* A regular expression, by PCRE2: the one owner of it. UTF-8, where bytes that are none match
 * nothing. What it may cost to look at a text has a limit, so that no pair of both can hold one
 * up. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* ERR_CONFIG: it makes no sense; the text says where. */
int pattern_new(const char *text, bool ignore_case, struct pattern **ret, struct err *e);
struct pattern *pattern_free(struct pattern *p); /* takes NULL, returns NULL */

/* What one thread needs to look for a pattern, which must stay; several threads may share that. */
struct matcher;
struct matcher *matcher_new(const struct pattern *p);
struct matcher *matcher_free(struct matcher *m); /* takes NULL, returns NULL */

/* The first match in the text at `from` or later, what is before that being seen as well: 1 and
 * where it is (*ret_end may be equal to *ret_start), 0: none. -1: ERR_CONFIG, it takes too long or
 * too much. */
int matcher_find(struct matcher *m, const char *text, size_t n, size_t from, size_t *ret_start,
                 size_t *ret_end, struct err *e);
