#include "trigger.h"

#include <stdlib.h>

const char *trigger_parse(const struct params *p, struct trigger *ret)
{
        struct slice on = params_get(p, "on"), match = params_get(p, "match");
        struct trigger t = { .class = -1 };

        t.nth = params_number(p, "nth", 1);
        t.times = params_number(p, "times", 1);
        if (t.nth == 0)
                return "nth counts from 1";
        for (int i = 0; on.p && i < CALL_OTHER; i++)
                if (slice_is(on, call_class_names[i]))
                        t.class = i;
        if (!on.p || (t.class < 0 && !slice_is(on, "any")))
                return "on= is list, messages, get, update, delete or any";

        if (match.p) {
                t.match = must_alloc(match.n + 1);
                memcpy(t.match, match.p, match.n);
        }
        *ret = t;
        return NULL;
}

void trigger_done(struct trigger *t)
{
        free(t->match);
        t->match = NULL;
}

bool trigger_fires(struct trigger *t, const struct call *call)
{
        struct slice target = call->request->target;

        if (t->class >= 0 && t->class != (int)call->class)
                return false;
        if (t->match && !memmem(target.p, target.n, t->match, strlen(t->match)))
                return false;
        t->seen++;

        return t->seen >= t->nth && (t->times == 0 || t->seen - t->nth < t->times);
}
