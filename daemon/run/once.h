/* `--once`: one walk, then the prompts, then everything is sealed. */
#pragma once

#include "run/config.h"
#include "run/service.h"

/* A full walk, or a new one where there was a full one. SIGINT and SIGTERM end it in good order.
 * The key is only read. Tells of everything itself. */
enum service_exit once(const struct config *config, const char *key, bool full);
