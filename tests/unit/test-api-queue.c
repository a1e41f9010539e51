#include "calls.h"

/* --- order and pace ----------------------------------------------------------------------- */

static char order[64];

static void answer_and_order(struct served_request *r, void *ctx)
{
        static const char *const letters[] = { "/messages", "m", "?", "l", "", "o" };

        (void)ctx;
        r->head[strcspn(r->head, "\r")] = '\0';
        for (size_t i = 0; i < ELEMENTS(letters); i += 2) {
                if (strstr(r->head, letters[i])) {
                        strcat(order, letters[i + 1]);
                        break;
                }
        }
        served_answer(r, 200, "", strchr(r->head, '?') ? PAGE_0 : RECORD_1);
}

static void lists_go_first_and_else_who_came_first(void)
{
        struct served *s = served_start(answer_and_order, NULL);
        static const struct api_query queries[] = {
                { .kind = PAGE_MESSAGES, .id = "a", .limit = 1 },
                { .kind = PAGE_ONE, .id = "a" },
                { .kind = PAGE_MESSAGES, .id = "b", .limit = 1 },
                { .kind = PAGE_LIST, .limit = 1 },
                { .kind = PAGE_LIST, .limit = 2 },
        };
        struct call *c[ELEMENTS(queries)];

        api_open_over(s->port, 1, (struct api_config){ 0 });
        memset(order, 0, sizeof(order));
        for (size_t i = 0; i < ELEMENTS(queries); i++)
                call_query(c[i] = call_new(), &queries[i]);
        for (size_t i = 0; i < ELEMENTS(queries); i++) {
                CHECK(turn_until(&c[i]->done, 1));
                CHECK(c[i]->reply.outcome == API_OK);
                free(c[i]);
        }
        if (!CHECK(strcmp(order, "llmom") == 0))
                printf("# %s\n", order);
        api_close();
        served_stop(s);
}

static unsigned started(struct call *const *c, int n)
{
        unsigned sum = 0;

        while (n-- > 0)
                sum += c[n]->restarts;
        return sum;
}

static void no_more_go_out_than_the_pace_allows(void)
{
        static const struct script script[] = { SAYS(200, "", PAGE_0) };
        struct scripted scripted = { .script = script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c[5];

        api_open_with(s->port, (struct api_config){ .requests_per_minute = 120 });
        for (int i = 0; i < 5; i++)
                call_list(c[i] = call_new());
        CHECK(turn_until(&requests_told, 2)); /* a second's worth */
        turn_idle();
        CHECK(started(c, 5) == 2);
        put_clock_forward(USEC_PER_SEC / 2);
        CHECK(turn_until(&requests_told, 3));
        turn_idle();
        CHECK(started(c, 5) == 3);
        put_clock_forward(USEC_PER_MIN);
        for (int i = 0; i < 5; i++) {
                CHECK(turn_until(&c[i]->done, 1));
                free(c[i]);
        }
        api_close();
        served_stop(s);
}

/* --- cancelling --------------------------------------------------------------------------- */

static void answer_half(struct served_request *r, void *ctx)
{
        (void)ctx;
        served_say(r, "HTTP/1.1 200 X\r\nContent-Length: %zu\r\n\r\n%.60s", strlen(PAGE_2), PAGE_2);
        if (strstr(r->head, "chatcmpl-1"))
                served_hung_up(r); /* this one never gets the rest */
        else if (served_wait(r->served, 2))
                served_say(r, "%s", &PAGE_2[60]);
}

static void cancel_the_other(struct call *c)
{
        struct call *other = c->ctx;

        if (other->call)
                other->call = api_cancel(other->call);
}

static void a_call_can_be_cancelled_at_any_time(void)
{
        static const struct script script[] = { SAYS(503, "", "") };
        struct scripted scripted = { .script = script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c = call_new();

        CHECK(api_cancel(NULL) == NULL);
        api_open(s, RETRY_DAEMON);
        call_list(c);
        CHECK(api_cancel(c->call) == NULL); /* before it went out */
        turn_idle();
        call_list(c);
        CHECK(turn_until_asked(s, 1));
        api_cancel(c->call); /* under way */
        turn_idle();
        call_query(c, &(struct api_query){ .kind = PAGE_MESSAGES, .id = "x" });
        CHECK(turn_until(&retries_told, 1));
        api_cancel(c->call); /* backing off */
        api_hurry(api);
        turn_idle();
        CHECK(c->done == 0);
        api_close();
        served_stop(s);
        free(c);
}

static void calls_can_be_cancelled_from_the_callbacks_of_another(void)
{
        for (int way = 0; way < 2; way++) {
                struct served *s = served_start(answer_half, NULL);
                struct call *a = call_new(), *b = call_new();

                api_open(s, RETRY_DAEMON);
                a->ctx = b;
                a->on_bytes = way ? NULL : cancel_the_other; /* within curl, within yajl */
                a->on_done = way ? cancel_the_other : NULL;
                call_list(a);
                call_one(b);
                CHECK(turn_until(&a->done, 1));
                CHECK(a->reply.outcome == API_OK);
                turn_idle();
                CHECK(!b->call && !b->done);
                api_close();
                served_stop(s);
                free(a);
                free(b);
        }
}

static void start_another(struct call *c)
{
        struct call *other = c->ctx;

        call_list(other);
}

static void close_api(struct call *c)
{
        (void)c;
        api = api_free(api);
}

static void the_end_of_a_call_may_start_another_or_free_the_api(void)
{
        static const struct script script[] = { SAYS(200, "", PAGE_2) };
        struct scripted scripted = { .script = script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *a = call_new(), *b = call_new();

        api_open(s, RETRY_DAEMON);
        a->ctx = b;
        a->on_done = start_another;
        b->on_done = close_api;
        call_list(a);
        CHECK(turn_until(&b->done, 1));
        CHECK(b->reply.outcome == API_OK && b->records == 2 && !api);
        turn_idle();
        api_close();
        served_stop(s);
        free(a);
        free(b);
}

/* --- all of it at once -------------------------------------------------------------------- */

#define CROWD 12

static struct call *crowd[CROWD];
static unsigned ended;

static const struct script moods[] = {
        SAYS(200, "", PAGE_2),
        SAYS(200, "", PAGE_0),
        SAYS(200, "retry-after-ms: 1\r\n", PAGE_VOID),
        { .status = 200, .fields = "retry-after-ms: 2\r\n", .body = PAGE_2, .cut = 50 },
        { .status = 200, .fields = "retry-after-ms: 0\r\n", .body = PAGE_2, .close = true },
        { .status = 200,
          .fields = "retry-after-ms: 1\r\n",
          .body = PAGE_2,
          .cut = 9,
          .close = true },
        SAYS(429, "retry-after-ms: 3\r\n", "{}"),
        SAYS(503, "", "down"),
        SAYS(404, "", ""),
        SAYS(200, "", "[]"),
};

static void answer_by_mood(struct served_request *r, void *ctx)
{
        (void)ctx;
        if (r->number % 17 == 3) {
                served_say(r, "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{\"ob");
                served_reset(r);
                return;
        }
        say_script(r, &moods[r->number * 7 / 3 % ELEMENTS(moods)]);
}

/* From within any callback: start, cancel or hurry some call other than the one it belongs to. */
static void stir(struct call *self)
{
        struct call *c = crowd[tap_below(CROWD)];

        if (c == self)
                return;
        if (!c->call)
                tap_below(2) ? call_list(c) : call_one(c);
        else if (tap_below(4) == 0)
                c->call = api_cancel(c->call);
        else
                api_hurry(api);
}

static void stir_at_the_end(struct call *c)
{
        ended++;
        stir(c);
}

static void calls_end_once_however_they_are_stirred(void)
{
        struct served *s = served_start(answer_by_mood, NULL);

        api_open_over(s->port, 4, (struct api_config){ .manner = RETRY_ONCE });
        for (int i = 0; i < CROWD; i++) {
                crowd[i] = call_new();
                crowd[i]->on_bytes = stir;
                crowd[i]->on_done = stir_at_the_end;
        }
        for (int i = 0; ended < 300; i++) {
                stir(NULL);
                if (!CHECK(i < 1000000 && sd_event_run(loop, FETCH_PATIENCE * 1000000u) >= 0))
                        break;
        }
        for (int i = 0; i < CROWD; i++)
                api_cancel(crowd[i]->call);
        turn_idle();
        for (int i = 0; i < CROWD; i++)
                free(crowd[i]);
        api_close();
        served_stop(s);
}

int main(void)
{
        RUN(lists_go_first_and_else_who_came_first, "lists go first, and else who came first");
        RUN(no_more_go_out_than_the_pace_allows, "no more go out than the pace allows");
        RUN(a_call_can_be_cancelled_at_any_time, "a call can be cancelled at any time");
        RUN(calls_can_be_cancelled_from_the_callbacks_of_another,
            "calls can be cancelled from the callbacks of another");
        RUN(the_end_of_a_call_may_start_another_or_free_the_api,
            "the end of a call may start another, or free the api");
        RUN(calls_end_once_however_they_are_stirred, "calls end once, however they are stirred");
        return tap_end();
}
