#include "fault.h"

#include "kind_transfer.h"

#include <stdlib.h>

/* A parameter that is not among these is a slip in a test, which must not pass unseen. */
static const char *const PARAMS[] = {
        "on",           "match",  "nth",         "times",
        "kind",         "status", "retry_after", "retry_after_ms",
        "should_retry", "header", "framing",     "gzip",
        "latency_ms",   "at",     "clean",       "reset",
        "record",       "comma",  "bytes",       "usec",
        "text",         "depth",  "location",    "count",
        "mode",         "bit",
};

static bool is_param(const char *key)
{
        for (size_t i = 0; i < sizeof(PARAMS) / sizeof(PARAMS[0]); i++)
                if (strcmp(PARAMS[i], key) == 0)
                        return true;
        return false;
}

int faults_add(struct faults *f, struct params *take, struct slice body, struct buf *ret_why)
{
        const struct kind *kind = kind_find(params_text(take, "kind", ""));
        struct trigger trigger = { 0 };
        const char *why = NULL;
        struct fault *fault;

        for (size_t i = 0; i < take->n; i++)
                if (!is_param(take->list[i].key)) {
                        buf_printf(ret_why, "no such parameter: %s", take->list[i].key);
                        return -1;
                }
        if (!kind) {
                buf_puts(ret_why, "kind= is one of: ");
                kind_names(ret_why);
                return -1;
        }
        why = f->n == FAULTS_MAX ? "too many faults" : trigger_parse(take, &trigger);
        if (why) {
                buf_puts(ret_why, why);
                return -1;
        }

        fault = must_alloc(sizeof(*fault));
        *fault = (struct fault){ .trigger = trigger, .kind = kind, .params = *take };
        take->n = 0;
        buf_slice(&fault->body, body);
        f->list[f->n++] = fault;
        return 0;
}

void faults_clear(struct faults *f)
{
        for (size_t i = 0; i < f->n; i++) {
                trigger_done(&f->list[i]->trigger);
                params_done(&f->list[i]->params);
                buf_done(&f->list[i]->body);
                free(f->list[i]);
        }
        f->n = 0;
}

struct fault *faults_pick(struct faults *f, const struct call *call)
{
        struct fault *due = NULL;

        for (size_t i = 0; i < f->n; i++)
                if (trigger_fires(&f->list[i]->trigger, call) && !due)
                        due = f->list[i];
        if (due)
                due->fired++;
        return due;
}

void fault_tweak(const struct fault *f, struct tweak *ret)
{
        const struct kind *k = f->kind;

        *ret = (struct tweak){ .envelope = k->envelope, .member = k->member };
        ret->has_item = params_get(&f->params, "record").p != NULL;
        ret->item = params_number(&f->params, "record", 0);
        if (k->patch)
                buf_puts(&ret->patch, k->patch);
        if (k->tweak)
                k->tweak(&f->params, ret);
}

bool fault_replace(const struct fault *f, struct answer *a)
{
        const struct kind *k = f->kind;
        struct buf body = { 0 };

        if (k->replace) {
                k->replace(&f->params, buf_as_slice(&f->body), a);
                return true;
        }
        if (!k->body)
                return false;
        buf_puts(&body, k->body);
        answer_text(a, &body);
        if (k->type)
                a->content_type = k->type;
        return true;
}

void fault_transfer(const struct fault *f, struct answer *a)
{
        kind_common(&f->params, a);
        if (f->kind->transfer)
                f->kind->transfer(&f->params, a);
}

void faults_lines(const struct faults *f, struct buf *ret)
{
        for (size_t i = 0; i < f->n; i++) {
                const struct fault *fault = f->list[i];
                const struct trigger *t = &fault->trigger;

                buf_printf(ret,
                           "{\"kind\":\"%s\",\"on\":\"%s\",\"nth\":%llu,\"times\":%llu,"
                           "\"seen\":%llu,\"fired\":%llu}\n",
                           fault->kind->name, t->class < 0 ? "any" : call_class_names[t->class],
                           (unsigned long long)t->nth, (unsigned long long)t->times,
                           (unsigned long long)t->seen, (unsigned long long)fault->fired);
        }
}
