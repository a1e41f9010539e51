#include "wire/api.h"
#include "base/mem.h"
#include "wire/api_core.h"
#include "wire/api_ending.h"
#include "wire/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- waking ------------------------------------------------------------------------------- */

static void on_wake(void *ctx);

void api_wake(struct api *a, usec_t delay)
{
        usec_t now = clock_boot(a->clock);

        /* A wake that is overdue has seen the clock jump: its timer has not. */
        if (a->wake && a->wake_at > now && a->wake_at <= now + delay)
                return;
        http_timer_stop(a->wake);
        a->wake = http_timer_start(a->http, delay, on_wake, a);
        a->wake_at = now + delay;
}

/* --- the queue ---------------------------------------------------------------------------- */

/* The next call that is due: lists first, else the oldest. *ret_wait: how long until one is that is
 * not yet due, USEC_INFINITY if there is none. */
static struct api_call *api_next(struct api *a, usec_t now, usec_t *ret_wait)
{
        struct api_call *c, *best = NULL;
        unsigned flying = 0;
        bool room;

        TAILQ_FOREACH(c, &a->calls, link)
        {
                flying += c->state == CALL_FLYING && c->kind != PAGE_LIST;
        }
        room = pace_has_room(&a->pace, flying);
        *ret_wait = USEC_INFINITY;
        TAILQ_FOREACH(c, &a->calls, link)
        {
                if (c->state != CALL_QUEUED || (!room && c->kind != PAGE_LIST))
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
        struct api_call *c = call_new(a, query, ops);

        TAILQ_INSERT_TAIL(&a->calls, c, link);
        api_wake(a, 0);
        return c;
}

bool api_is_doubtful(const struct api_call *c)
{
        return c->state == CALL_FLYING && api_attempt_is_doubtful(c->attempt);
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
        pace_set_window(&a->pace, config->max_concurrent);
        TAILQ_INIT(&a->calls);
        api_headers_init(&a->headers, config);
        return a;
}

void api_set_project(struct api *a, const char *project)
{
        free(a->project);
        a->project = project && *project ? mem_strdup(project) : NULL;
}

struct api *api_free(struct api *a)
{
        if (!a)
                return NULL;
        assert(TAILQ_EMPTY(&a->calls));
        http_timer_stop(a->wake);
        api_headers_done(&a->headers);
        mem_free_secret(a->key);
        free(a->project);
        free(a->base_url);
        free(a->extra_query);
        free(a);
        return NULL;
}
