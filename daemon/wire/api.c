#include "wire/api.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/api_attempt.h"
#include "wire/api_ending.h"
#include "wire/api_url.h"
#include "wire/http.h"
#include "wire/pace.h"
#include "wire/redact.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#define HEADERS     5
#define RETRIES_MAX 20 /* of a call whose patience can end, however long the server has it wait */

enum call_state {
        CALL_QUEUED, /* until .due, then until the pace lets it go */
        CALL_FLYING, /* .attempt is under way */
        CALL_ENDED,  /* off the list */
};

struct api_call {
        TAILQ_ENTRY(api_call) link;
        struct api *api;
        enum call_state state;
        enum page_kind kind;
        char *url;
        struct api_call_ops ops;
        struct api_attempt *attempt;
        usec_t due; /* by the clock that only goes forward */
        unsigned retries;
        usec_t patience, failing; /* since when, but for announced waits; 0: it is not */
        struct api_reply reply;   /* of the last attempt that ended */
};

struct api {
        struct http *http;
        const struct clock *clock;
        struct api_watch watch;
        char *base_url, *key, *extra_query;
        char *headers[HEADERS + 1];
        enum retry_manner manner;
        struct pace pace;
        struct http_timer *wake;
        usec_t wake_at;
        uint64_t signs;
        TAILQ_HEAD(, api_call) calls; /* in the order of their start */
};

static bool call_may_move(enum call_state from, enum call_state to)
{
        static const unsigned moves[] = {
                [CALL_QUEUED] = 1u << CALL_FLYING | 1u << CALL_ENDED,
                [CALL_FLYING] = 1u << CALL_QUEUED | 1u << CALL_ENDED,
                [CALL_ENDED] = 0,
        };

        return moves[from] & 1u << to;
}

static void call_move(struct api_call *c, enum call_state to)
{
        assert(call_may_move(c->state, to));
        c->state = to;
}

/* --- waking ------------------------------------------------------------------------------- */

static void on_wake(void *ctx);

/* Look at the queue after `delay` at the latest. */
static void api_wake(struct api *a, usec_t delay)
{
        usec_t now = clock_boot(a->clock);

        /* A wake that is overdue has seen the clock jump: its timer has not. */
        if (a->wake && a->wake_at > now && a->wake_at <= now + delay)
                return;
        http_timer_stop(a->wake);
        a->wake = http_timer_start(a->http, delay, on_wake, a);
        a->wake_at = now + delay;
}

/* --- one call ----------------------------------------------------------------------------- */

static struct api_call *call_free(struct api_call *c)
{
        api_attempt_free(c->attempt);
        free(c->url);
        free(c);
        return NULL;
}

static void call_redact(const struct api_call *c, const char *s, char *out, size_t room)
{
        redact_line(s, strlen(s), c->api->key, out, room);
}

/* The last thing to be done in a callback: done() may free the api. */
static void call_end(struct api_call *c, enum api_outcome outcome)
{
        struct api_call_ops ops = c->ops;
        struct api_reply reply = c->reply;
        char text[ERR_TEXT_MAX];

        reply.outcome = outcome;
        reply.doubtful = reply.doubtful && outcome != API_OK;
        call_redact(c, reply.err.text, text, sizeof(text));
        memcpy(reply.err.text, text, sizeof(text));
        call_move(c, CALL_ENDED);
        TAILQ_REMOVE(&c->api->calls, c, link);
        api_wake(c->api, 0);
        call_free(c);
        ops.done(ops.ctx, &reply);
}

static void call_end_badly(struct api_call *c, const struct api_ending *ending, usec_t announced)
{
        enum api_outcome outcome = api_ending_outcome(ending);

        if (outcome == API_LIMITED || outcome == API_OUTAGE)
                c->reply.announced = announced;
        api_ending_err(ending, c->retries, announced, &c->reply.err);
        call_end(c, outcome);
}

static void call_again(struct api_call *c, const struct api_ending *ending, usec_t wait)
{
        struct api *a = c->api;
        char what[API_ENDING_TEXT_MAX], problem[API_ENDING_TEXT_MAX];
        char request_id[API_REQUEST_ID_MAX];

        call_move(c, CALL_QUEUED);
        c->retries++;
        c->due = clock_boot(a->clock) + wait;
        api_wake(a, wait);
        if (!a->watch.retry)
                return;
        api_ending_say(ending, what);
        call_redact(c, what, problem, sizeof(problem));
        memcpy(request_id, c->reply.request_id, sizeof(request_id));
        a->watch.retry(a->watch.ctx, ending->status, request_id, wait, problem);
}

/* x-ratelimit-remaining-requests: 0 */
static void note_rate(struct api *a, const struct http_head *head)
{
        usec_t wait;

        if (strcmp(head->rate_remaining, "0") != 0 || text_span(head->rate_reset, &wait) < 0 ||
            wait > (a->manner == RETRY_ONCE ? RETRY_ONCE_WAIT : RETRY_WAIT_MAX))
                return;
        pace_hold(&a->pace, clock_boot(a->clock), wait, 429);
}

static void call_note(struct api_call *c, const struct api_attempt_result *r)
{
        const struct http_head *head = r->head;
        struct api *a = c->api;

        c->reply = (struct api_reply){ .status = head->status,
                                       .date = head->date,
                                       .doubtful = head->status == 200 && head->coded };
        call_redact(c, head->request_id, c->reply.request_id, sizeof(c->reply.request_id));
        call_redact(c, head->project, c->reply.project, sizeof(c->reply.project));
        note_rate(a, head);
        if (head->status == 200)
                pace_ease(&a->pace);
        if (head->status == 429)
                pace_slow(&a->pace, clock_boot(a->clock));
        if (a->watch.request)
                a->watch.request(a->watch.ctx, head->status,
                                 r->ended || api_ending_is_well(&r->ending), r->bytes_in);
}

/* The daemon asks for ever, but not for everything: what one call cannot get must not hold up the
 * others, and a page that is empty against its word is no outage. */
static bool call_is_over(struct api_call *c, const struct api_ending *ending,
                         const struct retry_decision *d)
{
        usec_t now = clock_boot(c->api->clock);

        if (ending->empty)
                return c->retries >= RETRY_ONCE_ATTEMPTS;
        if (c->failing == 0)
                c->failing = now;
        if (c->patience && c->retries >= RETRY_ONCE_ATTEMPTS &&
            (now - c->failing >= c->patience || c->retries >= RETRIES_MAX))
                return true;
        if (d->announced)
                c->failing += d->wait;
        return false;
}

/* An attempt brought no well-formed page: again, or the end? */
static void call_failed(struct api_call *c, const struct api_ending *ending,
                        const struct http_head *head)
{
        struct api *a = c->api;
        struct retry_decision d = { .verdict = RETRY_NEVER };
        struct retry_case retry = {
                .retry_after_ms = head->retry_after_ms,
                .retry_after = head->retry_after,
                .should_retry = head->should_retry,
                .attempt = c->retries,
                .random = arc4random(),
                .wall = clock_wall(a->clock),
        };
        enum api_outcome outcome = api_ending_outcome(ending);
        usec_t announced = 0;

        if (api_ending_retry(ending, &retry))
                d = retry_decide(&retry, a->manner);
        if (d.verdict == RETRY_WAIT && call_is_over(c, ending, &d))
                d.verdict = RETRY_ENOUGH;
        if (d.announced)
                retry_announced(retry.retry_after_ms, retry.retry_after, retry.wall, &announced);
        if (d.verdict != RETRY_NEVER || outcome == API_LIMITED || outcome == API_OUTAGE)
                pace_hold(&a->pace, clock_boot(a->clock), announced, ending->status);

        if (d.verdict == RETRY_WAIT)
                call_again(c, ending, d.wait);
        else
                call_end_badly(c, ending, announced);
}

static void on_attempt(void *ctx, const struct api_attempt_result *r)
{
        struct api_call *c = ctx;

        c->api->signs++;
        call_note(c, r);
        if (!r->ended) {
                call_failed(c, &r->ending, r->head);
                return;
        }
        c->reply.page = r->page;
        c->reply.sink = r->sink;
        c->reply.err = r->err;
        call_end(c, r->outcome);
}

static void call_launch(struct api_call *c)
{
        struct api *a = c->api;
        bool doubtful = c->reply.doubtful;

        a->signs++;
        pace_take(&a->pace, clock_boot(a->clock));
        call_move(c, CALL_FLYING);
        memset(&c->reply, 0, sizeof(c->reply));
        c->ops.restart(c->ops.ctx, doubtful);
        if (api_attempt_start(c->attempt, a->http, c->url, (const char *const *)a->headers,
                              &c->reply.err) < 0)
                call_end(c, API_DENIED);
}

/* --- the queue ---------------------------------------------------------------------------- */

/* The next call that is due: lists first, else the oldest. *ret_wait: how long until one is that is
 * not yet due, USEC_INFINITY if there is none. */
static struct api_call *api_next(struct api *a, usec_t now, usec_t *ret_wait)
{
        struct api_call *c, *best = NULL;

        *ret_wait = USEC_INFINITY;
        TAILQ_FOREACH(c, &a->calls, link)
        {
                if (c->state != CALL_QUEUED)
                        continue;
                if (c->due > now)
                        *ret_wait = c->due - now < *ret_wait ? c->due - now : *ret_wait;
                else if (!best || (c->kind == PAGE_LIST && best->kind != PAGE_LIST))
                        best = c;
        }
        return best;
}

/* One call at a time, the next wake ordered before it: what a call's end sets off may be anything. */
static void on_wake(void *ctx)
{
        struct api *a = ctx;
        usec_t now, wait, held;
        struct api_call *c;

        a->wake = NULL;
        now = clock_boot(a->clock);
        c = api_next(a, now, &wait);
        if (!c) {
                if (wait != USEC_INFINITY)
                        api_wake(a, wait);
                return;
        }
        held = pace_held(&a->pace, now);
        if (a->manner == RETRY_ONCE && held > RETRY_ONCE_WAIT) {
                struct api_ending ending = { .status = a->pace.status };
                enum api_outcome outcome = api_ending_outcome(&ending);

                /* What the other call's status said of that call is not true of this one. */
                if (outcome != API_LIMITED && outcome != API_OUTAGE)
                        ending = (struct api_ending){ .problem = "another call was put off" };
                c->reply.status = ending.status;
                call_end_badly(c, &ending, held);
                return;
        }
        wait = pace_wait(&a->pace, now);
        api_wake(a, wait);
        if (wait == 0)
                call_launch(c);
}

struct api_call *api_start(struct api *a, const struct api_query *query,
                           const struct api_call_ops *ops)
{
        struct api_call *c = mem_new(sizeof(*c));
        struct buf url = BUF_INIT;

        c->api = a;
        c->kind = query->kind;
        c->patience = query->patience;
        c->ops = *ops;
        c->attempt = api_attempt_new(query->kind, &ops->sink, a->key, &a->signs, on_attempt, c);
        api_url_add(&url, a->base_url, a->extra_query, query);
        c->url = take_ptr(url.p);
        TAILQ_INSERT_TAIL(&a->calls, c, link);
        api_wake(a, 0);
        return c;
}

struct api_call *api_cancel(struct api_call *c)
{
        if (!c)
                return NULL;
        call_move(c, CALL_ENDED);
        TAILQ_REMOVE(&c->api->calls, c, link);
        return call_free(c);
}

uint64_t api_signs(const struct api *a)
{
        return a->signs;
}

bool api_is_waiting(const struct api *a)
{
        usec_t now = clock_boot(a->clock), wait;
        const struct api_call *c;

        TAILQ_FOREACH(c, &a->calls, link)
        {
                if (c->state == CALL_QUEUED && c->due > now)
                        return true;
        }
        wait = pace_wait(&a->pace, now);
        return wait > 0 && !TAILQ_EMPTY(&a->calls);
}

usec_t api_held(const struct api *a, int *ret_status)
{
        *ret_status = a->pace.status;
        return pace_held(&a->pace, clock_boot(a->clock));
}

void api_hold(struct api *a, usec_t wait, int status)
{
        pace_hold(&a->pace, clock_boot(a->clock), wait, status);
}

void api_hurry(struct api *a)
{
        struct api_call *c;

        TAILQ_FOREACH(c, &a->calls, link)
        {
                c->due = 0; /* what was announced, the pace holds */
        }
        api_wake(a, 0);
}

/* --- the api ------------------------------------------------------------------------------ */

static void add_header(struct api *a, const char *name, const char *value)
{
        size_t i = 0;

        while (a->headers[i])
                i++;
        assert(i < HEADERS);
        if (asprintf(&a->headers[i], "%s%s", name, value) < 0)
                abort();
}

struct api *api_new(struct http *http, const struct clock *clock, const struct api_config *config,
                    const struct api_watch *watch)
{
        struct api *a = mem_new(sizeof(*a));

        a->http = http;
        a->clock = clock;
        if (watch)
                a->watch = *watch;
        a->base_url = mem_strdup(config->base_url);
        a->key = mem_strdup(config->key);
        a->extra_query = config->extra_query ? mem_strdup(config->extra_query) : NULL;
        a->manner = config->manner;
        pace_init(&a->pace, config->requests_per_minute);
        TAILQ_INIT(&a->calls);
        add_header(a, "Accept: ", "application/json");
        add_header(a, config->auth == API_BEARER ? "Authorization: Bearer " : "api-key: ",
                   config->key);
        if (config->organization && *config->organization)
                add_header(a, "OpenAI-Organization: ", config->organization);
        if (config->project && *config->project)
                add_header(a, "OpenAI-Project: ", config->project);
        return a;
}

struct api *api_free(struct api *a)
{
        if (!a)
                return NULL;
        assert(TAILQ_EMPTY(&a->calls));
        http_timer_stop(a->wake);
        for (size_t i = 0; a->headers[i]; i++)
                mem_free_secret(a->headers[i]);
        mem_free_secret(a->key);
        free(a->base_url);
        free(a->extra_query);
        free(a);
        return NULL;
}
