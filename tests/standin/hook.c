#include "hook.h"

#include <stdlib.h>

int hooks_add(struct hooks *h, struct params *take, struct buf *ret_why)
{
        static const char *const verbs[] = { "add", "delete", "edit", "restore", "reveal" };
        struct slice verb = params_get(take, "do");
        struct trigger trigger = { 0 };
        struct hook *hook;
        const char *why = "do= is add, delete, edit, restore or reveal";

        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (slice_is(verb, verbs[i]))
                        why = h->n == HOOKS_MAX ? "too many hooks" : trigger_parse(take, &trigger);
        if (why) {
                buf_puts(ret_why, why);
                return -1;
        }

        hook = must_alloc(sizeof(*hook));
        *hook = (struct hook){ .trigger = trigger, .params = *take };
        take->n = 0;
        h->list[h->n++] = hook;
        return 0;
}

void hooks_clear(struct hooks *h)
{
        for (size_t i = 0; i < h->n; i++) {
                trigger_done(&h->list[i]->trigger);
                params_done(&h->list[i]->params);
                free(h->list[i]);
        }
        h->n = 0;
}

void hooks_run(struct hooks *h, const struct call *call, struct store *store, uint64_t spread)
{
        struct buf unread = { 0 };

        for (size_t i = 0; i < h->n; i++)
                if (trigger_fires(&h->list[i]->trigger, call))
                        (void)action_run(store, spread, params_get(&h->list[i]->params, "do"),
                                         &h->list[i]->params, &unread);
        buf_done(&unread);
}
