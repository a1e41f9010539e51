/* One call: attempt by attempt until it is over. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/api_core.h"
#include "wire/api_ending.h"
#include "wire/api_url.h"
#include "wire/http.h"
#include "wire/redact.h"

#include <assert.h>
#include <string.h>

#define RETRIES_MAX 20 /* of a call whose patience can end, however long the server has it wait */

static bool call_may_move(enum call_state from, enum call_state to)
{
        static const unsigned moves[] = {
                [CALL_QUEUED] = 1u << CALL_FLYING | 1u << CALL_ENDED,
                [CALL_FLYING] = 1u << CALL_QUEUED | 1u << CALL_ENDED,
                [CALL_ENDED] = 0,
        };

        return moves[from] & 1u << to;
}

void call_move(struct api_call *c, enum call_state to)
{
        assert(call_may_move(c->state, to));
        c->state = to;
}

struct api_call *call_free(struct api_call *c)
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

void call_end_badly(struct api_call *c, const struct api_ending *ending, usec_t announced)
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
        api_wake(a, 0);          /* its place may be another one's */
        if (c->reply.doubtful) { /* it is not to lie about while others go on */
                c->reply.doubtful = false;
                c->ops.restart(c->ops.ctx, true);
        }
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
                                 r->ended ? r->outcome != API_STRANGER
                                          : api_ending_is_well(&r->ending),
                                 r->bytes_in);
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

void call_launch(struct api_call *c)
{
        struct api *a = c->api;
        bool doubtful = c->reply.doubtful;

        a->signs++;
        pace_take(&a->pace, clock_boot(a->clock));
        call_move(c, CALL_FLYING);
        memset(&c->reply, 0, sizeof(c->reply));
        api_attempt_expect(c->attempt, a->project);
        c->ops.restart(c->ops.ctx, doubtful);
        if (api_attempt_start(c->attempt, a->http, c->url, (const char *const *)a->headers.fields,
                              &c->reply.err) < 0)
                call_end(c, API_DENIED);
}

struct api_call *call_new(struct api *a, const struct api_query *query,
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
        return c;
}
