/* What a reader found wrong, told at once and counted. One line each:
 *
 *     damaged: FILE: offset N: what: R records
 *     uncommitted: FILE: offset N: M bytes: what
 *
 * FILE is below the archive's directory. R is `?` where it is not known. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define DAMAGE_UNKNOWN UINT64_MAX /* records: nobody can say how many */

struct damage {
        FILE *out;
        FILE *notes; /* where what is uncommitted is told; NULL: nowhere, it is only counted */
        void (*before)(void *ctx); /* called before a line is written; NULL: nothing is */
        void *ctx;

        uint64_t places, records; /* records: those that are known */
        uint64_t uncommitted;     /* places */
        uint64_t unread;          /* places that this machine would not let us read */
};

void damage_add(struct damage *d, const char *file, uint64_t offset, uint64_t records,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Not there yet, and no damage. */
void damage_uncommitted(struct damage *d, const char *file, uint64_t offset, uint64_t bytes,
                        const char *what);
/* `unread: FILE: why`: neither good nor bad. */
void damage_unread(struct damage *d, const char *file, const char *why);
