/* Days, weeks, months or years: as many bars as fit a page. */
#pragma once

#include <stddef.h>

#define BINS_MAX      128
#define BINS_TEXT_MAX 40

enum bins_unit { BINS_DAY, BINS_WEEK, BINS_MONTH, BINS_YEAR };

struct bins {
        enum bins_unit unit;
        size_t n;
        int start[BINS_MAX + 1]; /* days since 1970; start[n]: behind the last one */
};

/* All that touch the days from first to last (TALLY_DAY_MIN to _MAX). */
void bins_make(struct bins *b, int first, int last);
const char *bins_unit(const struct bins *b); /* "day" */
/* "Nov 22", "Nov 2026", "2026" */
const char *bins_label(const struct bins *b, size_t i, char out[static BINS_TEXT_MAX]);
/* "2026-11-22", "2026-11-16 to 2026-11-22", "November 2026" */
const char *bins_title(const struct bins *b, size_t i, char out[static BINS_TEXT_MAX]);
