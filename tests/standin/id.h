/* Ids of generated records. An id carries its record's number, scrambled, so that no table of a
 * million ids is needed to find a record. */
#pragma once

#include "buf.h"
#include "shape.h"

/* Append the id, decoded. `created` is the record's second. */
void id_make(const struct shape *shape, uint32_t index, int64_t created, struct buf *ret);

/* Append the id as the JSON string that the record holds: an awkward shape spells some with
 * escapes. */
void id_json(const struct shape *shape, uint32_t index, int64_t created, struct buf *ret);

/* The number that the id carries, or UINT32_MAX. Whether that record exists and has this very id is
 * for the caller to compare. */
uint32_t id_index(const struct shape *shape, struct slice id);
