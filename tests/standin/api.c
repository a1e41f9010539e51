#include "api.h"

#include "error.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>

#define LIMIT_DEFAULT 20

/* limit= and order=; -1: the error is in *a. */
static int read_paging(const struct service *s, const struct params *p, const char *order,
                       struct query *q, struct answer *a)
{
        const char *limit = params_text(p, "limit", NULL);
        const char *asked = params_text(p, "order", order);
        uint64_t max = s->options.limit_max, n = params_number(p, "limit", UINT64_MAX);

        q->limit = limit ? (size_t)n : LIMIT_DEFAULT;
        q->desc = strcmp(asked, "desc") == 0;
        if (!q->desc && strcmp(asked, "asc") != 0) {
                error_answer(a, 400, "invalid_request_error", "order", "invalid_value",
                             "Invalid value: '%s'. Supported values are: 'asc' and 'desc'.", asked);
                return -1;
        }
        if (limit && (n == UINT64_MAX || n == 0)) {
                error_answer(a, 400, "invalid_request_error", "limit", "integer_below_min_value",
                             "Invalid 'limit': expected an integer >= 1, but got '%s' instead.",
                             limit);
                return -1;
        }
        if (limit && max > 0 && n > max) {
                error_answer(a, 400, "invalid_request_error", "limit", "integer_above_max_value",
                             "Invalid 'limit': integer above maximum value. Expected a value <= "
                             "%llu, but got %llu instead.",
                             (unsigned long long)max, (unsigned long long)n);
                return -1;
        }
        if (s->options.ignore_limit)
                q->limit = SIZE_MAX;
        return 0;
}

static void unknown_cursor(const struct service *s, const char *after, struct answer *a)
{
        int status = s->options.unknown_cursor == UNKNOWN_400 ? 400 : 404;

        error_answer(a, status, "invalid_request_error", "after",
                     status == 404 ? "not_found" : "invalid_value",
                     "Completion with after ID %s not found", after);
}

static void read_filters(const struct params *p, struct query *q)
{
        q->model = params_get(p, "model");
        for (size_t i = 0; i < p->n && q->n_metadata < SELECT_FILTERS_MAX; i++) {
                struct slice key = { p->list[i].key, p->list[i].n_key };

                if (key.n < 10 || memcmp(key.p, "metadata[", 9) != 0 || key.p[key.n - 1] != ']')
                        continue;
                q->metadata[q->n_metadata].key = (struct slice){ key.p + 9, key.n - 10 };
                q->metadata[q->n_metadata++].value = (struct slice){ p->list[i].value,
                                                                     p->list[i].n_value };
        }
}

static uint64_t pick_order(struct service *s)
{
        return s->options.shuffle_keys ? rng_next(&s->rng) | 1 : 0;
}

static void answer_list(struct service *s, const struct call *call, struct tweak *tweak,
                        struct answer *a)
{
        struct page page = { .store = &s->store };
        struct selection got;
        struct query q = { 0 };

        if (read_paging(s, &call->params, "desc", &q, a) < 0)
                return;
        read_filters(&call->params, &q);
        q.after = tweak->first_page ? (struct slice){ NULL, 0 }
                                    : params_get(&call->params, "after");
        if (select_page(&s->store, &q, (enum cursor)s->options.cursor,
                        (enum unknown_cursor)s->options.unknown_cursor, &got) > 0) {
                unknown_cursor(s, q.after.p, a);
                return;
        }

        page.items = got.items;
        page.n = got.n;
        page.has_more = got.has_more;
        page.shuffle = pick_order(s);
        a->body = page_stream(&page, PAGE_LIST, tweak);
}

/* The number of the message that `after` names: `{completion id}-{number}`. */
static uint64_t message_after(const struct call *call, uint32_t count)
{
        struct slice after = params_get(&call->params, "after");
        char *end;
        uint64_t n;

        if (after.n < call->id.n + 2 || memcmp(after.p, call->id.p, call->id.n) != 0 ||
            after.p[call->id.n] != '-' || after.p[call->id.n + 1] < '0' ||
            after.p[call->id.n + 1] > '9')
                return UINT64_MAX;
        n = strtoull(after.p + call->id.n + 1, &end, 10);
        return *end || n >= count ? UINT64_MAX : n;
}

static void answer_messages(struct service *s, const struct call *call, uint32_t record,
                            struct tweak *tweak, struct answer *a)
{
        struct page page = { .store = &s->store, .messages = true };
        uint32_t count = store_message_count(&s->store, record);
        bool cursor = params_get(&call->params, "after").p && !tweak->first_page;
        uint64_t after = cursor ? message_after(call, count) : UINT64_MAX, left = count;
        struct query q = { 0 };

        if (read_paging(s, &call->params, "asc", &q, a) < 0)
                return;
        if (after != UINT64_MAX)
                left = q.desc ? after : count - 1 - after;
        else if (cursor && s->options.unknown_cursor == UNKNOWN_EMPTY)
                left = 0;
        else if (cursor && s->options.unknown_cursor != UNKNOWN_FIRST) {
                unknown_cursor(s, params_text(&call->params, "after", ""), a);
                return;
        }

        page.n = left < q.limit ? (size_t)left : q.limit;
        page.has_more = left > page.n;
        page.items = must_alloc(page.n * sizeof(*page.items));
        for (size_t i = 0; i < page.n; i++) {
                uint64_t which = q.desc ? left - 1 - i : count - left + i;

                page.items[i] = (struct version){ record, (uint32_t)which };
        }
        a->body = page_stream(&page, PAGE_LIST, tweak);
}

static void answer_one(struct service *s, uint32_t record, struct tweak *tweak, struct answer *a)
{
        struct page page = { .store = &s->store, .n = 1 };

        page.items = must_alloc(sizeof(*page.items));
        page.items[0] = store_current(&s->store, record);
        page.shuffle = pick_order(s);
        a->body = page_stream(&page, PAGE_ONE, tweak);
}

static void answer_update(struct service *s, const struct call *call, uint32_t record,
                          struct tweak *tweak, struct answer *a)
{
        struct json_member m;
        struct buf metadata = { 0 };

        if (!json_member(call->request->body, slice_of("metadata"), &m) || m.value.n == 0 ||
            m.value.p[0] != '{' || m.value.p[m.value.n - 1] != '}') {
                error_answer(a, 400, "invalid_request_error", "metadata",
                             "missing_required_parameter",
                             "Missing required parameter: 'metadata'.");
                return;
        }
        json_compact(m.value, &metadata);
        store_edit(&s->store, record, buf_as_slice(&metadata));
        buf_done(&metadata);
        answer_one(s, record, tweak, a);
}

static void answer_delete(struct service *s, const struct call *call, uint32_t record,
                          struct answer *a)
{
        struct buf b = { 0 };

        s->store.records[record].deleted = true;
        buf_puts(&b, "{\"object\":\"chat.completion.deleted\",\"id\":");
        buf_json(&b, buf_as_slice(&call->id));
        buf_puts(&b, ",\"deleted\":true}");
        answer_text(a, &b);
}

static void route(struct service *s, const struct call *call, struct tweak *tweak, struct answer *a)
{
        const struct request *r = call->request;
        uint32_t record;

        if (call->class == CALL_OTHER && call->wrong_method)
                error_answer(a, 405, "invalid_request_error", NULL, "method_not_supported",
                             "Not allowed to %.*s on %.*s.", (int)r->method.n, r->method.p,
                             (int)r->path.n, r->path.p);
        else if (call->class == CALL_OTHER)
                error_answer(a, 404, "invalid_request_error", NULL, "unknown_url",
                             "Unknown request URL: %.*s %.*s. Please check the URL for typos, or "
                             "see the docs.",
                             (int)r->method.n, r->method.p, (int)r->path.n, r->path.p);
        else if (call->class == CALL_LIST)
                answer_list(s, call, tweak, a);
        if (call->class == CALL_OTHER || call->class == CALL_LIST)
                return;

        record = store_find(&s->store, buf_as_slice(&call->id));
        if (record == UINT32_MAX || !store_visible(&s->store, record))
                error_answer(a, 404, "invalid_request_error", "completion_id", "not_found",
                             "Completion %s not found", call->id.p ? call->id.p : "");
        else if (call->class == CALL_MESSAGES)
                answer_messages(s, call, record, tweak, a);
        else if (call->class == CALL_GET)
                answer_one(s, record, tweak, a);
        else if (call->class == CALL_UPDATE)
                answer_update(s, call, record, tweak, a);
        else
                answer_delete(s, call, record, a);
}

/* The key that was sent, in the header that it must come in; p is NULL if there is none. */
static struct slice sent_key(const struct service *s, const struct request *r)
{
        struct slice bearer = r->authorization;

        if (r->api_key.p && s->options.auth != AUTH_BEARER)
                return r->api_key;
        if (!bearer.p || bearer.n <= 7 || strncasecmp(bearer.p, "bearer ", 7) != 0 ||
            s->options.auth == AUTH_API_KEY)
                return (struct slice){ NULL, 0 };
        return (struct slice){ bearer.p + 7, bearer.n - 7 };
}

/* Part of the key is in the message, as the live service does: the reader must not log it. */
static void unauthorized(struct slice key, struct answer *a)
{
        char shown[32] = "***";

        if (!key.p) {
                error_answer(a, 401, "invalid_request_error", NULL, NULL,
                             "You didn't provide an API key. You need to provide your API key in "
                             "an Authorization header using Bearer auth (i.e. Authorization: "
                             "Bearer YOUR_KEY).");
                return;
        }
        if (key.n > 12)
                (void)snprintf(shown, sizeof(shown), "%.7s***%.4s", key.p, key.p + key.n - 4);
        error_answer(a, 401, "invalid_request_error", NULL, "invalid_api_key",
                     "Incorrect API key provided: %s. You can find your API key at "
                     "https://platform.openai.com/account/api-keys.",
                     shown);
}

static void put_headers(struct service *s, struct answer *a, char request_id[static 40])
{
        uint64_t ms = s->options.latency_ms, high, low;

        if (s->options.jitter_ms > 0)
                ms += rng_below(&s->rng, s->options.jitter_ms + 1);
        a->delay_usec = ms * 1000;
        a->framing = (enum framing)s->options.framing;
        a->chunk_bytes = (size_t)s->options.chunk_bytes;

        high = rng_next(&s->rng);
        low = rng_next(&s->rng);
        (void)snprintf(request_id, 40, "req_%016llx%016llx", (unsigned long long)high,
                       (unsigned long long)low);
        buf_printf(&a->headers,
                   "openai-version: 2020-10-01\r\nx-request-id: %s\r\nopenai-processing-ms: "
                   "%llu\r\nopenai-project: %s\r\n",
                   request_id, (unsigned long long)ms, s->options.project);
}

/* The answer of a request with a good key. Returns the fault that had a hand in it, or NULL. */
static const struct fault *answer_call(struct service *s, const struct call *call, struct answer *a)
{
        struct tweak tweak = { 0 };
        struct fault *fault;

        s->store.clock[CLOCK_REQUESTS]++;
        s->store.clock[CLOCK_LISTS] += call->class == CALL_LIST;
        hooks_run(&s->hooks, call, &s->store, s->options.plan.spread);
        fault = faults_pick(&s->faults, call);
        if (fault)
                fault_tweak(fault, &tweak);
        if (!fault || !fault_replace(fault, a)) {
                route(s, call, &tweak, a);
                if (a->status == 200 && s->options.pretty)
                        a->body = stream_pretty(a->body, rng_next(&s->rng));
        }
        if (fault)
                fault_transfer(fault, a);
        tweak_done(&tweak);
        return fault;
}

static bool accepts_gzip(struct slice header)
{
        return header.p && memmem(header.p, header.n, "gzip", 4);
}

void api_answer(struct service *s, const struct request *r, uint64_t connection, struct answer *a)
{
        const struct fault *fault = NULL;
        struct slice key = sent_key(s, r);
        bool key_ok = key.p && (!s->options.key || slice_is(key, s->options.key));
        char request_id[40];
        struct log_entry *entry;
        struct call call;

        call_parse(r, &call);
        put_headers(s, a, request_id);
        a->gzip = s->options.gzip && accepts_gzip(r->accept_encoding);
        a->log_entry = log_begin(&s->log, &call, connection, key_ok,
                                 server_now_usec() - s->started_usec);
        a->counted = true;
        if (key_ok)
                fault = answer_call(s, &call, a);
        else
                unauthorized(key, a);

        entry = log_find(&s->log, a->log_entry);
        if (entry) {
                entry->status = a->bare ? 0 : a->status;
                entry->fault = fault ? fault->kind->name : NULL;
                memcpy(entry->request_id, request_id, sizeof(request_id));
        }
        call_done(&call);
}
