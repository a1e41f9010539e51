/* The service: joins configuration, key, archive and API on one event loop, runs walks and prompts,
 * and tells of them. One owner of the loop. */
#pragma once

#include "run/config.h"

#include <stdbool.h>

/* What the process ends with. */
enum service_exit {
        SERVICE_OK = 0,
        SERVICE_FAILED = 1, /* incomplete; what it got is kept */
        SERVICE_USAGE = 2,
        SERVICE_DAMAGED = 3,
        SERVICE_LOCKED = 4,
};

/* One walk (full, or new where there was a full one), then the prompts, then everything is sealed.
 * SIGINT and SIGTERM end it in good order. The key is only read. Logs everything itself. */
int service_once(const struct config *config, const char *key, bool full);
