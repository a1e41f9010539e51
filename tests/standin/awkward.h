/* JSON that is valid and that programs get wrong all the same. */
#pragma once

#include "rope.h"

/* Any number: 1E0, -0, one of 64 bits, one of 300 digits … */
void awkward_number(struct rng *rng, struct buf *ret);

/* The inside of a string of some length; lengths around 256 bytes and, seldom, around 64 KiB,
 * where those who cut cut. */
void awkward_text(struct rng *rng, struct rope *ret);

/* `key` with its quotes; now and then a character of it spelled \u00xx. */
void awkward_key(struct rng *rng, const char *key, struct buf *ret);

/* A value of any type. Objects have duplicate, empty and escaped keys, and keys that mean something
 * further up: id, created, data, has_more. */
void awkward_value(struct rng *rng, struct rope *ret);
