/* Actions that run just before a request is answered: changes during a walk. */
#pragma once

#include "action.h"
#include "trigger.h"

#define HOOKS_MAX 1000

struct hook {
        struct trigger trigger;
        struct params params; /* do=add|delete|edit|restore|reveal, and that action's own */
};

struct hooks {
        struct hook *list[HOOKS_MAX];
        size_t n;
};

/* Takes over the parameters' contents. -1 and a sentence if they are not understood. */
int hooks_add(struct hooks *h, struct params *take, struct buf *ret_why);
void hooks_clear(struct hooks *h);

/* Counts the request, and runs what is due. */
void hooks_run(struct hooks *h, const struct call *call, struct store *store, uint64_t spread);
