/* For the tests of api: a client with a clock that can be put forward, calls that keep what came,
 * and answers by a script. */
#pragma once

#include "fetch.h"
#include "wire/api.h"
#include "wire/redact.h"

#include <strings.h>
#include <time.h>

#define KEY "sk-proj-Ab3dE6gH9jK2mN5pQ8sT1vW4xY7z"

struct call {
        struct api_call *call;
        unsigned done, restarts, records;
        unsigned doubts; /* restarts that were told to be doubtful */
        struct api_reply reply;
        char text[8192]; /* of the records, a newline after each */
        size_t n;
        const char *stop_in; /* "begin", "bytes", "end": the sink returns stop there */
        int stop;
        void (*on_bytes)(struct call *c);
        void (*on_done)(struct call *c);
        void *ctx;
};

static struct api *api;
static usec_t ahead; /* of both clocks */
static unsigned retries_told, requests_told;
static usec_t wait_told;
static int status_told;
static char problem_told[ERR_TEXT_MAX], id_told[API_REQUEST_ID_MAX];

static inline usec_t read_clock(clockid_t id)
{
        struct timespec t;

        clock_gettime(id, &t);
        return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000 + ahead;
}

static inline usec_t read_wall(void *ctx)
{
        (void)ctx;
        return read_clock(CLOCK_REALTIME);
}

static inline usec_t read_boot(void *ctx)
{
        (void)ctx;
        return read_clock(CLOCK_BOOTTIME);
}

static const struct clock test_clock = { .wall = read_wall, .boot = read_boot };

static inline void on_retry(void *ctx, int status, const char *request_id, usec_t wait,
                            const char *problem)
{
        (void)ctx;
        retries_told++;
        status_told = status;
        wait_told = wait;
        snprintf(id_told, sizeof(id_told), "%s", request_id);
        snprintf(problem_told, sizeof(problem_told), "%s", problem);
}

static inline void on_request(void *ctx, int status, bool well, uint64_t bytes_in)
{
        (void)ctx, (void)status, (void)well, (void)bytes_in;
        requests_told++;
}

static inline void api_open_over(unsigned port, unsigned connections, struct api_config config)
{
        static const struct api_watch watch = { .retry = on_retry, .request = on_request };
        char url[64];

        ahead = 0;
        retries_told = requests_told = 0;
        client_open(connections, NULL, false);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/v1/", port);
        config.base_url = url;
        config.key = config.key ? config.key : KEY;
        if (!config.requests_per_minute)
                config.requests_per_minute = 1000000;
        api = api_new(client, &test_clock, &config, &watch);
}

static inline void api_open_with(unsigned port, struct api_config config)
{
        api_open_over(port, 8, config);
}

static inline void api_open(const struct served *s, enum retry_manner manner)
{
        api_open_with(s->port, (struct api_config){ .manner = manner });
}

static inline void api_close(void)
{
        api = api_free(api);
        client_close();
}

static inline int sink_step(struct call *c, const char *step, struct err *e)
{
        if (!c->stop_in || strcmp(c->stop_in, step) != 0)
                return 0;
        if (c->stop < 0)
                err_set(e, ERR_HOST, "the sink is full");
        return c->stop;
}

static inline int sink_begin(void *ctx, struct err *e)
{
        return sink_step(ctx, "begin", e);
}

static inline int sink_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct call *c = ctx;

        if (n < sizeof(c->text) - c->n - 1) {
                memcpy(c->text + c->n, p, n);
                c->n += n;
        }
        if (c->on_bytes)
                c->on_bytes(c);
        return sink_step(c, "bytes", e);
}

static inline int sink_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct call *c = ctx;

        c->records += record->id_length > 0;
        c->text[c->n++] = '\n';
        return sink_step(c, "end", e);
}

static inline void on_restart(void *ctx, bool doubtful)
{
        struct call *c = ctx;

        c->restarts++;
        c->doubts += doubtful;
        c->records = 0;
        c->n = 0;
        memset(c->text, 0, sizeof(c->text));
}

static inline void on_call_done(void *ctx, const struct api_reply *reply)
{
        struct call *c = ctx;

        CHECK(c->call != NULL); /* else it is the second end, or was cancelled */
        c->call = NULL;
        c->done++;
        c->reply = *reply;
        if (c->on_done)
                c->on_done(c);
}

static inline void call_query(struct call *c, const struct api_query *query)
{
        struct api_call_ops ops = {
                .restart = on_restart,
                .done = on_call_done,
                .sink = { .begin = sink_begin, .bytes = sink_bytes, .end = sink_end, .ctx = c },
                .ctx = c,
        };
        unsigned restarts = c->restarts, done = c->done;

        c->call = api_start(api, query, &ops);
        CHECK(c->done == done && c->restarts == restarts);
}

static inline void call_list(struct call *c)
{
        call_query(c, &(struct api_query){ .kind = PAGE_LIST, .limit = 100 });
}

static inline void call_one(struct call *c)
{
        call_query(c, &(struct api_query){ .kind = PAGE_ONE, .id = "chatcmpl-1" });
}

static inline struct call *call_new(void)
{
        return mem_new(sizeof(struct call));
}

/* One list request, to its end. */
static inline struct call *call(void)
{
        struct call *c = call_new();

        call_list(c);
        CHECK(turn_until(&c->done, 1));
        CHECK(c->done == 1);
        return c;
}

static inline void put_clock_forward(usec_t by)
{
        ahead += by;
        api_hurry(api); /* looks at the queue; ends no announced wait */
        turn_idle();
}

/* --- scripts ------------------------------------------------------------------------------ */

#define RECORD_1  "{\"id\":\"chatcmpl-1\",\"created\":1761000001}"
#define RECORD_2  "{\"id\":\"chatcmpl-2\",\"created\":1761000000}"
#define PAGE_2    "{\"object\":\"list\",\"data\":[" RECORD_1 "," RECORD_2 "],\"has_more\":true}"
#define PAGE_0    "{\"object\":\"list\",\"data\":[],\"has_more\":false}"
#define PAGE_VOID "{\"object\":\"list\",\"data\":[],\"has_more\":true}"

/* What a server says, request by request; the last answer is said again and again. */
struct script {
        int status;
        const char *fields;
        const char *body;
        size_t cut; /* bytes of the body that come before the connection ends; 0: all */
        bool close; /* no Content-Length: the body ends with the connection */
};

#define SAYS(s, f, b)                               \
        {                                           \
                .status = s, .fields = f, .body = b \
        }

struct scripted {
        const struct script *script;
        unsigned n;
};

static inline void say_script(struct served_request *r, const struct script *a)
{
        size_t n = strlen(a->body), cut = a->cut ? a->cut : n;

        served_say(r, "HTTP/1.1 %d X\r\n%s", a->status, a->fields ? a->fields : "");
        if (!a->close)
                served_say(r, "Content-Length: %zu\r\n", n);
        served_say(r, "\r\n");
        served_write(r, a->body, cut);
        r->last = a->close || cut < n;
}

static inline void answer_script(struct served_request *r, void *ctx)
{
        const struct scripted *s = ctx;

        say_script(r, &s->script[r->number < s->n ? r->number : s->n - 1]);
}

/* One list request to a server with this script; *ret_requests: how many it took. */
static inline struct call *call_script(const struct script *script, unsigned n,
                                       enum retry_manner manner, unsigned *ret_requests)
{
        struct scripted scripted = { .script = script, .n = n };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c;

        api_open(s, manner);
        c = call();
        api_close();
        *ret_requests = s->requests;
        served_stop(s);
        return c;
}

/* Does the text hold five consecutive bytes of the key, in any case? */
static inline bool leaks(const char *text, const char *key)
{
        for (size_t i = 0; i + REDACT_PART <= strlen(key); i++) {
                char part[REDACT_PART + 1] = "";

                memcpy(part, key + i, REDACT_PART);
                if (strcasestr(text, part))
                        return true;
        }
        return false;
}
