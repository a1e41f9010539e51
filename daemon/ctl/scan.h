/* Frames read in the ledger's order by several threads, their text handed on in that order: cat,
 * grep, report and verify at the decompressor's speed. Memory is bounded: twice as many frames as
 * there are threads are on their way at most, each whole in memory; one larger than SCAN_FRAME_MAX
 * is read by the caller's thread alone, in pieces. */
#pragma once

#include "base/err.h"
#include "ctl/chain.h"
#include "ctl/damage.h"
#include "store/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_FRAME_MAX 16777216 /* bytes of plain text; ordinary frames have 4 MiB */

struct scan {
        const struct chain *chain; /* checked */
        struct damage *damage;
        unsigned jobs;       /* threads; 0: one a processor; 1: the caller's alone */
        unsigned streams;    /* bits, 1 << enum stream */
        usec_t since, until; /* frames whose line has a time within, both included; until 0: all */
        /* For each frame, in order, in the caller's thread: its text in pieces, then once with n 0
         * and p NULL at its end. Non-zero ends the scan and comes back. */
        int (*text)(void *ctx, const struct frame_ref *frame, const char *p, size_t n);
        /* May be NULL. In any thread, at once with others: for what takes long. Whole text of the
         * frame (p, n); returns what `made` then gets in the caller's thread, in order, instead of
         * text() being called. Not for frames larger than SCAN_FRAME_MAX: these go to text(). */
        void *(*work)(void *ctx, const struct frame_ref *frame, const char *p, size_t n);
        int (*made)(void *ctx, const struct frame_ref *frame, void *result); /* its to free */
        void (*drop)(void *result); /* frees one that `made` will not get: the scan was ended */
        void *ctx;
};

/* 0, what a callback returned, or -1. Frames that are damaged are told to the damage and left out:
 * nothing of a frame is handed on before its digest was found right. Only one in pieces can still
 * turn out to be broken when a part of it was handed on (proven bytes, all of them); its end is
 * called like any other's. */
int scan_run(const struct scan *s, struct err *e);
