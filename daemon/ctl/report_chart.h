/* Bars in SVG that fit any width: all lengths in it are parts of a hundred, and its texts stand
 * beside it in HTML, so that they stay readable on a phone. Nothing in here is escaped but the
 * series' names. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHART_SERIES_MAX 8
#define CHART_TEXT_MAX   96

enum chart_scale { CHART_COUNT, CHART_SIZE, CHART_SPAN }; /* pieces, bytes, microseconds */

struct chart {
        const char *title; /* a heading */
        const char *note;  /* a sentence below it; NULL */
        const char *unit;  /* of the first column of the table behind it: "day" */
        enum chart_scale scale;
        bool steps; /* bars without gaps, of one series: a line that falls and rises */
        bool small; /* a lower one */
        size_t n, n_series;
        struct chart_series {
                const char *name;
                size_t name_n;
                const char *colour; /* a class of the style sheet */
                uint64_t all;       /* for the legend */
        } series[CHART_SERIES_MAX];
        uint64_t (*values)[CHART_SERIES_MAX]; /* n rows */
        const uint64_t *marks;                /* n counts for a strip below the bars; NULL: none */
        const char *marks_name;
        /* The i-th bar, in a few letters and in full. */
        const char *(*label)(void *ctx, size_t i, char out[static CHART_TEXT_MAX]);
        const char *(*describe)(void *ctx, size_t i, char out[static CHART_TEXT_MAX]);
        void *ctx;
};

void chart_put(const struct chart *c, struct buf *out);
/* A value as the chart writes it. */
const char *chart_value(enum chart_scale scale, uint64_t n, char out[static CHART_TEXT_MAX]);
/* The distance of the lines of a grid that has about four of them up to `max`; at least 1. */
uint64_t chart_step(enum chart_scale scale, uint64_t max);
