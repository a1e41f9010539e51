/* A key of the configuration: the one table that parsing, defaults, the shipped file and the man
 * page follow (a test compares them), and the reading of a value by its type. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;

/* The texts first. */
enum config_type {
        CONFIG_URL,     /* char *: checked by http_check_url once everything is read */
        CONFIG_PROXY,   /* char *: [SCHEME://]HOST[:PORT], a scheme that libcurl has */
        CONFIG_TOKEN,   /* char *: printable ASCII without white space */
        CONFIG_TEXT,    /* char *: UTF-8 without control characters */
        CONFIG_PATH,    /* char *: absolute */
        CONFIG_QUERY,   /* char *: NAME=VALUE&…, percent-encoded already */
        CONFIG_PAIRS,   /* char **, NULL-terminated: KEY=VALUE, repeatable */
        CONFIG_BOOL,    /* bool */
        CONFIG_NUMBER,  /* unsigned, min to max */
        CONFIG_SPAN,    /* usec_t, min to max */
        CONFIG_SIZE,    /* uint64_t, bytes, min to max */
        CONFIG_AUTH,    /* enum api_auth */
        CONFIG_PACKING, /* enum packing */
};

struct config_key {
        const char *section;
        const char *name;
        enum config_type type;
        const char *standard; /* the default as one would write it; "" for none */
        size_t offset;        /* into struct config */
        int64_t min, max;     /* of numbers, spans (µs) and sizes (bytes) */
};

const struct config_key *config_keys(size_t *ret_n);

/* Takes the value over into c; an empty one brings the default back (and empties a list), a pair is
 * added to those there. ERR_CONFIG: what is wrong with it and what would be right. The text begins
 * with the key's name and never shows the value, which may be a secret in the wrong place. */
int config_key_set(const struct config_key *k, const char *value, struct config *c, struct err *e);

/* Is its value the same in both? */
bool config_key_same(const struct config_key *k, const struct config *a, const struct config *b);

/* Frees what the key holds in c and leaves zero. */
void config_key_clear(const struct config_key *k, struct config *c);
