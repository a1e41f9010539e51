/* Configuration and key read again, beside those in force: which of them differ, and whether they
 * may take their place. */
#pragma once

#include "run/config.h"
#include "run/key.h"

enum reload_found {
        RELOAD_SAME,
        RELOAD_LIGHT, /* what the walk in hand knows nothing of: intervals, the metrics' file */
        RELOAD_DEEP,  /* the key, or anything else */
};

/* -1: they are refused (ERR_CONFIG: why), nothing is returned. Else *ret is the new configuration,
 * with its warnings, and *ret_key the new key (mem_free_secret), or NULL where the one in force
 * stays: the environment's can be read only once. `key` and `source` are those in force. */
int reload_read(const struct config_from *from, const struct config *config, const char *key,
                enum key_source source, struct config *ret, char **ret_key,
                enum reload_found *ret_found, struct err *e);

/* Take over what RELOAD_LIGHT is about; *from keeps the rest. */
void reload_light(struct config *config, struct config *from);
