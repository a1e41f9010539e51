/* The decoded parameters of a query string. */
#pragma once

#include "buf.h"

#include <stdint.h>

#define PARAMS_MAX 64 /* more are ignored: nobody means that many */

struct params {
        size_t n;
        struct {
                char *key, *value; /* NUL-terminated, and may hold NULs before that */
                size_t n_key, n_value;
        } list[PARAMS_MAX];
};

/* Append s with its %XX decoded; with `plus`, a + is a space, as in queries. */
void percent_decode(struct slice s, bool plus, struct buf *ret);

void params_parse(struct slice query, struct params *ret);
void params_done(struct params *p);

/* The first value of that key; p is NULL if there is none. */
struct slice params_get(const struct params *p, const char *key);
/* The same, NUL-terminated; NULL or `otherwise` if there is none. */
const char *params_text(const struct params *p, const char *key, const char *otherwise);
/* A whole number, 0 or more; `otherwise` if there is none, or it is something else. */
uint64_t params_number(const struct params *p, const char *key, uint64_t otherwise);
bool params_flag(const struct params *p, const char *key); /* there, and not "0" or "no" */
