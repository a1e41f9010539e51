/* The configuration: every key of chatarchived.conf(5), from the default, the file, its drop-ins,
 * the environment and the command line, the later over the earlier. (config_key has the table of
 * keys, config_file the reading of one file.)
 *
 * Says nothing by itself: an error comes back with file, line, what is wrong and what would be
 * right; warnings are collected for the caller to log. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/name.h"
#include "wire/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_FILE         SYSCONFDIR "/chatarchived/chatarchived.conf"
#define CONFIG_METADATA_MAX 16 /* pairs: the API's records have no more */
#define CONFIG_WARNINGS_MAX 32 /* more are counted in the last one */

/* From outside the files. NULL where not given. */
struct config_from {
        const char *file; /* --config=: must be there. NULL: CONFIG_FILE, which may be missing */
        const char *directory; /* --directory=: a relative one is below the working directory */
        const char *base_url;  /* --base-url= */
};

/* Texts are NULL where there is none; all belong to the struct. */
struct config {
        /* [API] */
        char *base_url; /* passed http_check_url with allow_http */
        enum api_auth auth_header;
        char *key_file; /* absolute; not looked at here, key_read() does */
        char *organization;
        char *project;
        char *extra_query; /* "api-version=…", without ? or & around it */
        char *ca_file;     /* absolute, and readable when the configuration was read */
        char *proxy;
        bool allow_http;

        /* [Walk] */
        usec_t interval;
        usec_t full_interval;
        usec_t overlap;
        unsigned page_size;
        char *model;
        char **metadata; /* "KEY=VALUE" …, NULL-terminated; never NULL itself */
        size_t n_metadata;
        bool messages;
        unsigned max_concurrent;
        unsigned requests_per_minute;

        /* [Archive] */
        char *directory; /* absolute */
        enum packing compression;
        unsigned compression_level; /* suits the compression; means nothing without one */
        uint64_t frame_size;        /* bytes, plain */
        uint64_t segment_size;
        usec_t segment_age;
        uint64_t min_free;

        /* [Metrics] */
        char *text_file; /* absolute */

        char **warnings; /* one line each; never NULL itself */
        size_t n_warnings;
};

/* Everything, in the order above, from the files and the environment as they are now. The
 * environment variables OPENAI_BASE_URL, OPENAI_ORG_ID and OPENAI_PROJECT_ID count as not set if
 * they are empty. ERR_CONFIG (also for a file that cannot be read), and *ret is untouched. */
int config_load(const struct config_from *from, struct config *ret, struct err *e);
void config_done(struct config *c); /* also of a zeroed one */
