/* A stored completion: its bytes are a function of the shape, its number, its second and its
 * version, so that a million of them, or one of 10 GB, need no memory. */
#pragma once

#include "rope.h"
#include "shape.h"

/* Append the record. Version 0 is the first one; a later one differs in its metadata. */
void record_render(const struct shape *shape, uint32_t index, int64_t created, uint32_t version,
                   struct rope *ret);
