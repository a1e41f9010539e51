/* The inside of the library, shared by its parts: only library*.c include it. */
#pragma once

#include "ctl/leaf.h"
#include "ctl/library.h"
#include "ctl/places.h"

/* Frames of a stream in memory: neighbours by creation lie in a few in turn, for walks have two heads
 * and prompts are fetched side by side. */
#define LIBRARY_LEAVES   4
#define LIBRARY_TOLD_MAX 1024 /* damaged frames that are remembered as told */

struct library {
        const struct verb *verb;
        struct damage *damage;
        struct chain chain;
        struct catalog *catalog;
        bool temporary;
        struct places *places;
        struct leaf *leaves[STREAMS][LIBRARY_LEAVES]; /* the one used last comes first */
        struct library_told {
                enum stream stream;
                uint64_t frame;
        } told[LIBRARY_TOLD_MAX];
        size_t n_told;
};

/* The archive's catalog was found damaged: a temporary one in its place. 1: it is there; 0: it was
 * not the catalog's fault, or there is one already; -1. */
int library_renew(struct library *l, struct err *e);
