/* The resident daemon: walks when they are due, prompts between them, through whatever befalls the
 * server, the disk or the clock. Tells of everything itself. */
#pragma once

#include "run/config.h"
#include "run/key.h"

/* What the process ends with. */
enum service_exit {
        SERVICE_OK = 0,
        SERVICE_FAILED = 1, /* incomplete; what it got is kept */
        SERVICE_USAGE = 2,
        SERVICE_DAMAGED = 3,
        SERVICE_LOCKED = 4,
};

/* Until SIGTERM or SIGINT (SERVICE_OK); ends by itself only over a damaged archive or one that
 * cannot be begun. *config and *key are taken over and left zero; *from, whose texts must stay, is
 * read again by a reload. */
enum service_exit service(const struct config_from *from, struct config *config, char **key,
                          enum key_source source);
