/* What the generated records are like: together with a record's number, its second and its version,
 * this decides each of its bytes. */
#pragma once

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_BIGS_MAX 256 /* strings of a size of their own; a test of giants needs a dozen */

struct shape_big {
        uint64_t bytes;
        uint64_t index; /* the record's number, 0 the oldest */
};

struct shape_bigs {
        size_t n;
        struct shape_big list[SHAPE_BIGS_MAX];
};

enum shape_ids {
        IDS_RANDOM,
        IDS_TIME, /* a later second's sort later, bytewise, as the live service's do */
};

struct shape {
        uint64_t seed;
        uint64_t ids; /* enum shape_ids */
        bool awkward;
        bool odd_ids;
        bool tiny;
        uint64_t prompts_max;
        uint64_t prompt_bytes;
        uint64_t record_bytes;         /* of the answer, typically */
        uint64_t kind;                 /* enum text_kind, of answers and prompts */
        uint64_t big_kind;             /* … and of the big strings */
        struct shape_bigs bigs;        /* answers */
        struct shape_bigs big_prompts; /* a completion's first message */
};

/* The size that was asked for, 0 if none was. */
static inline uint64_t shape_big_bytes(const struct shape_bigs *bigs, uint64_t index)
{
        for (size_t i = 0; i < bigs->n; i++)
                if (bigs->list[i].index == index)
                        return bigs->list[i].bytes;
        return 0;
}

/* Keeps the generators of a record's parts apart. */
enum shape_part {
        PART_ID = 1,
        PART_TOOLS,
        PART_COUNT,
        PART_RECORD,
        PART_ANSWER,
        PART_MEMBER,                     /* … of a record; then one each */
        PART_MESSAGE = PART_MEMBER + 64, /* then one each */
};

static inline struct rng shape_rng(const struct shape *shape, uint32_t index, uint64_t part)
{
        return rng_of(shape->seed, index, part);
}
