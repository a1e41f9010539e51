#include "log.h"

#include <stdlib.h>

void log_init(struct log *l, uint64_t room)
{
        *l = (struct log){ .room = room ? room : 1, .first = 1 };
        l->ring = must_alloc(l->room * sizeof(*l->ring));
}

void log_reset(struct log *l)
{
        for (uint64_t i = 0; i < l->room; i++) {
                free(l->ring[i].asked);
                l->ring[i] = (struct log_entry){ 0 };
        }
        l->first = l->last + 1;
        l->max_in_flight = l->in_flight;
        memset(l->classes, 0, sizeof(l->classes));
        l->unauthorized = l->bytes = 0;
}

void log_done(struct log *l)
{
        log_reset(l);
        free(l->ring);
        l->ring = NULL;
}

static void put(struct buf *b, const char *key, struct slice value)
{
        buf_printf(b, ",\"%s\":", key);
        buf_json(b, value);
}

/* A number as a number, else what came, as a string. */
static void put_limit(struct buf *b, const struct params *p)
{
        uint64_t limit = params_number(p, "limit", UINT64_MAX);

        if (limit == UINT64_MAX) {
                put(b, "limit", params_get(p, "limit"));
                return;
        }
        buf_puts(b, ",\"limit\":");
        buf_u64(b, limit);
}

uint64_t log_begin(struct log *l, const struct call *call, uint64_t connection, bool key_ok,
                   uint64_t time_usec)
{
        const struct request *r = call->request;
        uint64_t number = ++l->last;
        struct log_entry *e = &l->ring[number % l->room];
        struct buf b = { 0 };

        l->classes[call->class]++;
        l->unauthorized += !key_ok;
        l->in_flight++;
        if (l->in_flight > l->max_in_flight)
                l->max_in_flight = l->in_flight;

        buf_printf(&b, "\"time_usec\":%llu,\"connection\":%llu,\"in_flight\":%llu",
                   (unsigned long long)time_usec, (unsigned long long)connection,
                   (unsigned long long)l->in_flight);
        put(&b, "class", slice_of(call_class_names[call->class]));
        put(&b, "method", r->method);
        put(&b, "path", r->path);
        put(&b, "query", r->query);
        put(&b, "id", call->id.n > 0 ? buf_as_slice(&call->id) : (struct slice){ NULL, 0 });
        put(&b, "after", params_get(&call->params, "after"));
        put(&b, "order", params_get(&call->params, "order"));
        put_limit(&b, &call->params);
        buf_printf(&b, ",\"key_ok\":%s", key_ok ? "true" : "false");
        put(&b, "auth", slice_of(r->api_key.p ? "api-key" : r->authorization.p ? "bearer" : NULL));
        put(&b, "user_agent", r->user_agent);
        put(&b, "accept_encoding", r->accept_encoding);
        put(&b, "organization", r->organization);
        put(&b, "project", r->project);
        put(&b, "body", r->body.n > 0 ? r->body : (struct slice){ NULL, 0 });

        free(e->asked);
        *e = (struct log_entry){ .number = number, .asked = b.p };
        return number;
}

struct log_entry *log_find(struct log *l, uint64_t number)
{
        struct log_entry *e = &l->ring[number % l->room];

        return number > 0 && e->number == number ? e : NULL;
}

void log_end(struct log *l, uint64_t number, uint64_t bytes, bool whole)
{
        struct log_entry *e = log_find(l, number);

        l->in_flight--;
        l->bytes += bytes;
        if (!e)
                return;
        e->bytes = bytes;
        e->over = true;
        e->whole = whole;
}

void log_lines(const struct log *l, struct buf *ret)
{
        uint64_t from = l->last >= l->room ? l->last - l->room + 1 : 1;

        for (uint64_t n = from > l->first ? from : l->first; n <= l->last; n++) {
                const struct log_entry *e = &l->ring[n % l->room];

                buf_printf(ret, "{\"n\":%llu,%s,\"status\":%d,\"fault\":", (unsigned long long)n,
                           e->asked, e->status);
                buf_json(ret, slice_of(e->fault));
                buf_printf(ret, ",\"request_id\":\"%s\",\"bytes\":%llu,\"over\":%s,\"whole\":%s}\n",
                           e->request_id, (unsigned long long)e->bytes, e->over ? "true" : "false",
                           e->whole ? "true" : "false");
        }
}

void log_counts(const struct log *l, struct buf *ret)
{
        uint64_t n = l->last + 1 - l->first;

        buf_printf(ret, "\"requests\":%llu,\"dropped_from_log\":%llu", (unsigned long long)n,
                   (unsigned long long)(n > l->room ? n - l->room : 0));
        for (size_t i = 0; i < CALL_CLASSES; i++)
                buf_printf(ret, ",\"%s\":%llu", call_class_names[i],
                           (unsigned long long)l->classes[i]);
        buf_printf(ret,
                   ",\"unauthorized\":%llu,\"in_flight\":%llu,\"max_in_flight\":%llu,"
                   "\"bytes\":%llu",
                   (unsigned long long)l->unauthorized, (unsigned long long)l->in_flight,
                   (unsigned long long)l->max_in_flight, (unsigned long long)l->bytes);
}
