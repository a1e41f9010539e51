/* Which completions are meant: the options that list, export and their like share. */
#pragma once

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_METADATA_MAX 16

struct filter {
        int64_t since, until; /* created, seconds since 1970, both included; INT64_MIN, INT64_MAX */
        const char *model;    /* NULL: any. Exactly this one, or a glob (fnmatch) */
        const char *metadata[FILTER_METADATA_MAX]; /* "KEY=VALUE"; all of them */
        size_t n_metadata;
        bool gone;      /* only those that have a tombstone now */
        bool changed;   /* only those with more than one version */
        uint64_t limit; /* 0: as many as there are */
};

#define FILTER_ALL                                     \
        {                                              \
                .since = INT64_MIN, .until = INT64_MAX \
        }

/* Must the record itself be read to say? */
bool filter_reads(const struct filter *f);
/* The part of it that the record decides: model and metadata. */
bool filter_matches(const struct filter *f, const struct json *completion);
