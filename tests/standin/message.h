/* The messages of a completion's prompt. */
#pragma once

#include "rope.h"
#include "shape.h"

/* 0 … shape->prompts_max, by the record's number. */
uint32_t message_count(const struct shape *shape, uint32_t index);

/* Append message `which` of the completion whose id, decoded, is `completion`. */
void message_render(const struct shape *shape, struct slice completion, uint32_t index,
                    uint32_t which, struct rope *ret);
