/* All of the stand-in: what the API answers from, and what the control plane changes. */
#pragma once

#include "fault.h"
#include "hook.h"
#include "log.h"
#include "options.h"
#include "server.h"
#include "store.h"

struct service {
        struct options options;
        struct store store;
        struct faults faults;
        struct hooks hooks;
        struct log log;
        struct server server;
        struct rng rng; /* request ids, jitter, white space */
        uint64_t started_usec;
        size_t max_connections; /* at once, those of the control plane included */
};
