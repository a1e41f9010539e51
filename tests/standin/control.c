#include "control.h"

#include "dump.h"

#define BASE "/_control/"

struct ask {
        struct service *s;
        struct slice verb; /* the path below the base */
        struct params params;
        struct slice body;
        struct answer *a;
        struct buf text; /* the reply, unless the answer has a body already */
};

static void fail(struct ask *k, int status)
{
        struct buf why = k->text;

        k->text = (struct buf){ 0 };
        buf_puts(&k->text, "{\"error\":");
        buf_json(&k->text, buf_as_slice(&why));
        buf_puts(&k->text, "}\n");
        k->a->status = status;
        buf_done(&why);
}

static void dump(struct ask *k, enum dump what)
{
        k->a->body = dump_stream(&k->s->store, what);
        if (params_flag(&k->params, "sha256"))
                k->a->body = stream_digest(k->a->body);
}

static void get_expected(struct ask *k)
{
        bool all = slice_is(params_get(&k->params, "versions"), "all");

        dump(k, all ? DUMP_SHOWN : params_flag(&k->params, "visible") ? DUMP_VISIBLE : DUMP_NEWEST);
}

static void get_messages(struct ask *k)
{
        dump(k, DUMP_MESSAGES);
}

static void get_ids(struct ask *k)
{
        dump(k, DUMP_IDS);
}

static void get_requests(struct ask *k)
{
        log_lines(&k->s->log, &k->text);
}

static void get_stats(struct ask *k)
{
        const struct store *s = &k->s->store;
        uint64_t visible = 0;

        for (uint32_t i = 0; i < s->n; i++)
                visible += store_visible(s, i);
        buf_putc(&k->text, '{');
        log_counts(&k->s->log, &k->text);
        buf_printf(&k->text,
                   ",\"connections\":%llu,\"open_connections\":%zu,\"max_connections\":%zu,"
                   "\"records\":%zu,\"visible\":%llu}\n",
                   (unsigned long long)k->s->server.last_number, k->s->server.n_conns,
                   k->s->max_connections, s->n, (unsigned long long)visible);
}

static void get_faults(struct ask *k)
{
        faults_lines(&k->s->faults, &k->text);
}

static void post_reset(struct ask *k)
{
        log_reset(&k->s->log);
        k->s->max_connections = k->s->server.n_conns;
}

static void post_action(struct ask *k)
{
        if (action_run(&k->s->store, k->s->options.plan.spread, k->verb, &k->params, &k->text) < 0)
                fail(k, 400);
}

static void post_hook(struct ask *k)
{
        if (hooks_add(&k->s->hooks, &k->params, &k->text) < 0)
                fail(k, 400);
}

static void post_hook_clear(struct ask *k)
{
        hooks_clear(&k->s->hooks);
}

static void post_fault(struct ask *k)
{
        if (faults_add(&k->s->faults, &k->params, k->body, &k->text) < 0)
                fail(k, 400);
}

static void post_fault_clear(struct ask *k)
{
        faults_clear(&k->s->faults);
}

static void post_release(struct ask *k)
{
        server_release(&k->s->server);
}

static void post_clock(struct ask *k)
{
        k->s->options.date = params_number(&k->params, "date", 0);
}

#define WHICH  " id index n "
#define ADDING " n created same-second hidden visible-after-requests visible-after-lists "
#define WHEN   " on match nth times "

static const struct way {
        const char *method, *verb;
        void (*answer)(struct ask *k);
        const char *params; /* NULL: whoever answers knows them */
} WAYS[] = {
        { "GET", "expected", get_expected, " visible versions sha256 " },
        { "GET", "expected-messages", get_messages, " sha256 " },
        { "GET", "ids", get_ids, "" },
        { "GET", "requests", get_requests, "" },
        { "GET", "stats", get_stats, "" },
        { "GET", "fault", get_faults, "" },
        { "POST", "requests/reset", post_reset, "" },
        { "POST", "add", post_action, ADDING },
        { "POST", "delete", post_action, WHICH },
        { "POST", "edit", post_action, WHICH " metadata " },
        { "POST", "restore", post_action, WHICH },
        { "POST", "reveal", post_action, WHICH },
        { "POST", "hook", post_hook, WHEN ADDING WHICH " do metadata " },
        { "POST", "hook/clear", post_hook_clear, "" },
        { "POST", "fault", post_fault, NULL },
        { "POST", "fault/clear", post_fault_clear, "" },
        { "POST", "release", post_release, "" },
        { "POST", "clock", post_clock, " date " },
};

#define NUMBERS                                                                               \
        " n created nth times visible-after-requests visible-after-lists date status record " \
        "bytes usec depth count bit latency_ms "

static bool listed(const char *list, const char *word)
{
        struct buf b = { 0 };
        bool found;

        buf_printf(&b, " %s ", word);
        found = strstr(list, b.p) != NULL;
        buf_done(&b);
        return found;
}

/* A slip in a test must not pass unseen: only known parameters, and numbers where numbers go. */
static bool check(struct ask *k, const char *known)
{
        for (size_t i = 0; i < k->params.n; i++) {
                const char *key = k->params.list[i].key;
                bool number = params_number(&k->params, key, UINT64_MAX) != UINT64_MAX;

                if (known && !listed(known, key))
                        buf_printf(&k->text, "no such parameter: %s", key);
                else if (listed(NUMBERS, key) && !number)
                        buf_printf(&k->text, "not a number: %s", key);
                if (k->text.n > 0)
                        return false;
        }
        return true;
}

static void run(struct ask *k, struct slice method)
{
        for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
                if (!slice_is(k->verb, WAYS[i].verb) || !slice_is(method, WAYS[i].method))
                        continue;
                if (!check(k, WAYS[i].params)) {
                        fail(k, 400);
                        return;
                }
                WAYS[i].answer(k);
                if (slice_is(method, "POST") && k->text.n == 0)
                        buf_puts(&k->text, "{\"ok\":true}\n");
                return;
        }
        buf_printf(&k->text, "no such control: %.*s %.*s", (int)method.n, method.p, (int)k->verb.n,
                   k->verb.p);
        fail(k, 404);
}

bool control_answer(struct service *s, const struct request *r, struct answer *a)
{
        struct ask k = { .s = s, .body = r->body, .a = a };

        if (r->path.n < strlen(BASE) || memcmp(r->path.p, BASE, strlen(BASE)) != 0)
                return false;

        k.verb = (struct slice){ r->path.p + strlen(BASE), r->path.n - strlen(BASE) };
        params_parse(r->query, &k.params);
        run(&k, r->method);
        if (!a->body)
                answer_text(a, &k.text);
        buf_done(&k.text);
        params_done(&k.params);
        return true;
}
