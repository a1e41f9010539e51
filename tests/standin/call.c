#include "call.h"

#define BASE "/v1/chat/completions"

const char *const call_class_names[CALL_CLASSES] = {
        "list", "messages", "get", "update", "delete", "other",
};

static enum call_class of_method(struct slice method)
{
        if (slice_is(method, "GET"))
                return CALL_GET;
        if (slice_is(method, "POST"))
                return CALL_UPDATE;
        return slice_is(method, "DELETE") ? CALL_DELETE : CALL_OTHER;
}

/* The path below the base is split before it is decoded: an id may hold an encoded slash. */
static void classify(struct call *c)
{
        struct slice path = c->request->path, id, rest;
        const char *slash;
        bool get = slice_is(c->request->method, "GET");

        c->class = CALL_OTHER;
        if (path.n < strlen(BASE) || memcmp(path.p, BASE, strlen(BASE)) != 0)
                return;
        path.p += strlen(BASE);
        path.n -= strlen(BASE);
        if (path.n == 0) {
                c->class = get ? CALL_LIST : CALL_OTHER;
                c->wrong_method = !get;
                return;
        }
        if (path.n == 1 || path.p[0] != '/')
                return;

        slash = memchr(path.p + 1, '/', path.n - 1);
        id = (struct slice){ path.p + 1, slash ? (size_t)(slash - path.p) - 1 : path.n - 1 };
        rest = (struct slice){ id.p + id.n, path.n - 1 - id.n };
        percent_decode(id, false, &c->id);
        if (rest.n == 0) {
                c->class = of_method(c->request->method);
                c->wrong_method = c->class == CALL_OTHER;
        } else if (slice_is(rest, "/messages")) {
                c->class = get ? CALL_MESSAGES : CALL_OTHER;
                c->wrong_method = !get;
        }
}

void call_parse(const struct request *r, struct call *ret)
{
        *ret = (struct call){ .request = r };
        params_parse(r->query, &ret->params);
        classify(ret);
}

void call_done(struct call *c)
{
        buf_done(&c->id);
        params_done(&c->params);
}
