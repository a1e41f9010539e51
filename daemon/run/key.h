/* The API key: where it comes from, and what is taken for one. It appears in no message. */
#pragma once

#include "base/err.h"

#define KEY_MAX 4096 /* bytes: an Entra bearer token has up to some 3,000 */

enum key_source {
        KEY_CREDENTIAL,  /* `api-key` in $CREDENTIALS_DIRECTORY; not if it is one space */
        KEY_FILE,        /* KeyFile= */
        KEY_ENVIRONMENT, /* $OPENAI_API_KEY */
};

/* The first of the three that is there; file is KeyFile='s value or NULL. One that is there and
 * cannot be used is an error, the next one is not tried: a key that was meant for something else
 * would archive another project. White space around it is dropped.
 *
 * A KeyFile must be a regular file of root's or the effective user's, without any permission for
 * group and others.
 *
 * $OPENAI_API_KEY is overwritten in memory and unset, whichever is used, so that neither
 * /proc/PID/environ nor a child shows it: a caller that reads again later and had KEY_ENVIRONMENT
 * keeps the key it has.
 *
 * *ret is to be freed by mem_free_secret(); ret_source may be NULL. ERR_CONFIG with the remedy. */
int key_read(const char *file, char **ret, enum key_source *ret_source, struct err *e);
