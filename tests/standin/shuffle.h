/* A server that keeps no order of keys. */
#pragma once

#include "rope.h"

/* Put the members of the record, and of every object in it, in another order; those with the same
 * key stay in theirs. The head must be JSON without white space. */
void shuffle_keys(struct rope *r, struct rng rng);
