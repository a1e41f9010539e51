#include "calls.h"

#define SOON "retry-after-ms: 1\r\n"

/* --- again -------------------------------------------------------------------------------- */

static void what_may_pass_is_asked_for_again(void)
{
        static const int statuses[] = { 408, 409, 425, 429, 500, 502, 503, 504, 529 };

        for (size_t i = 0; i < ELEMENTS(statuses); i++) {
                const struct script script[] = {
                        SAYS(statuses[i], SOON "x-request-id: req_1\r\n", "{\"error\":\"busy\"}"),
                        SAYS(200, "x-request-id: req_2\r\n", PAGE_2),
                };
                unsigned requests;
                struct call *c = call_script(script, 2, RETRY_DAEMON, &requests);

                CHECK(c->reply.outcome == API_OK && requests == 2 && c->restarts == 2);
                CHECK(strcmp(c->reply.request_id, "req_2") == 0);
                CHECK(retries_told == 1 && status_told == statuses[i] && wait_told == 1000);
                CHECK(strcmp(id_told, "req_1") == 0 && strstr(problem_told, "busy"));
                CHECK(requests_told == 2);
                free(c);
        }
}

static void the_server_can_ask_for_another_try(void)
{
        static const struct script script[] = { SAYS(400, SOON "x-should-retry: true\r\n", ""),
                                                SAYS(404, SOON "x-should-retry: true\r\n", ""),
                                                SAYS(200, "", PAGE_0) };
        unsigned requests;
        struct call *c = call_script(script, 3, RETRY_DAEMON, &requests);

        CHECK(c->reply.outcome == API_OK && requests == 3);
        free(c);
}

/* Whatever fails for ever, under --once: its outcome after five retries. */
static void patience_ends_under_once(void)
{
        static const struct {
                struct script script;
                enum api_outcome outcome;
                const char *reason, *text;
        } cases[] = {
                { SAYS(503, SOON, "x"), API_OUTAGE, "server",
                  "the server failed (503): x, after 5 retries" },
                { SAYS(429, SOON, ""), API_LIMITED, "limited", "too many requests (429), after 5" },
                { SAYS(400, SOON "x-should-retry: true\r\n", ""), API_REFUSED, "rejected",
                  "the server refuses the request (400), after 5" },
                { SAYS(404, SOON "x-should-retry: true\r\n", ""), API_MISSING, "missing",
                  "the server does not know it (404), after 5" },
                { SAYS(200, SOON, PAGE_VOID), API_MALFORMED, "malformed",
                  "an empty page that says there is more, after 5 retries" },
                { { .status = 200, .fields = SOON, .body = PAGE_2, .cut = 70 },
                  API_OUTAGE,
                  "network",
                  "the body ended early: " },
                { { .status = 200, .fields = SOON, .body = PAGE_2, .cut = 70, .close = true },
                  API_OUTAGE,
                  "network",
                  "the body ended early, after 5 retries" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                unsigned requests;
                struct call *c = call_script(&cases[i].script, 1, RETRY_ONCE, &requests);

                if (!CHECK(c->reply.outcome == cases[i].outcome && requests == 6))
                        printf("# case %zu: %d after %u\n", i, (int)c->reply.outcome, requests);
                CHECK(c->restarts == 6 && retries_told == 5 && requests_told == 6);
                CHECK(strcmp(api_reason(&c->reply), cases[i].reason) == 0);
                if (!CHECK(strncmp(c->reply.err.text, cases[i].text, strlen(cases[i].text)) == 0))
                        printf("# %s\n", c->reply.err.text);
                free(c);
        }
}

static void a_body_cut_at_any_byte_is_read_anew(void)
{
        struct script script[] = { { .status = 200, .fields = SOON, .body = PAGE_2 },
                                   SAYS(200, "", PAGE_2) };

        for (size_t i = 0; i < 2 * (strlen(PAGE_2) - 1); i++) {
                unsigned requests;
                struct call *c;

                script[0].close = i % 2;
                script[0].cut = i / 2 + 1;
                c = call_script(script, 2, RETRY_DAEMON, &requests);
                if (!CHECK(c->reply.outcome == API_OK && requests == 2 && c->restarts == 2))
                        printf("# cut at %zu\n", script[0].cut);
                CHECK(strcmp(c->text, RECORD_1 "\n" RECORD_2 "\n") == 0);
                CHECK(c->reply.page.records == 2);
                free(c);
        }
}

static void what_came_is_doubtful_only_where_a_200_was_compressed(void)
{
        static const struct {
                const char *fields;
                int status;
                bool doubtful;
        } cases[] = {
                { SOON "Content-Encoding: gzip\r\n", 200, true },
                { SOON "Content-Encoding: identity\r\n", 200, false },
                { SOON, 200, false },
                { SOON "Content-Encoding: gzip\r\n", 503, false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct script script[] = {
                        { .status = cases[i].status,
                          .fields = cases[i].fields,
                          .body = PAGE_2, /* no gzip */
                          .cut = 9 },
                        SAYS(200, "", PAGE_2),
                };
                unsigned requests;
                struct call *c = call_script(script, 2, RETRY_DAEMON, &requests);

                CHECK(c->reply.outcome == API_OK && requests == 2);
                CHECK(c->restarts == 2u + cases[i].doubtful);
                CHECK(c->doubts == cases[i].doubtful && !c->reply.doubtful);
                free(c);
        }
}

static void an_empty_page_with_more_to_come_is_asked_for_again(void)
{
        static const struct script script[] = { SAYS(200, SOON, PAGE_VOID), SAYS(200, "", PAGE_2) };
        unsigned requests;
        struct call *c = call_script(script, 2, RETRY_DAEMON, &requests);

        CHECK(c->reply.outcome == API_OK && requests == 2 && c->records == 2);
        CHECK(strstr(problem_told, "empty page") && status_told == 200);
        free(c);
}

static void a_hurry_ends_the_back_offs_that_nobody_announced(void)
{
        struct call *c = call_new();

        /* Nobody listens on port 1. */
        api_open_with(1, (struct api_config){ .manner = RETRY_ONCE });
        call_list(c);
        for (unsigned i = 1; i <= 5; i++) {
                CHECK(turn_until(&retries_told, i));
                CHECK(status_told == 0 && strncmp(problem_told, "no answer: ", 11) == 0);
                CHECK(wait_told >= (RETRY_FIRST << (i - 1)) * 3 / 4);
                CHECK(wait_told <= (RETRY_FIRST << (i - 1)) * 5 / 4);
                api_hurry(api);
        }
        CHECK(turn_until(&c->done, 1));
        CHECK(c->reply.outcome == API_OUTAGE && c->reply.status == 0);
        CHECK(c->reply.err.kind == ERR_AGAIN);
        CHECK(strcmp(api_reason(&c->reply), "network") == 0);
        free(c);
        api_close();
}

/* --- announced waits ---------------------------------------------------------------------- */

static void hold(const struct script *script)
{
        struct scripted scripted = { .script = script, .n = 2 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *a = call_new(), *b = call_new();

        api_open(s, RETRY_DAEMON);
        call_list(a);
        CHECK(turn_until(&retries_told, 1));
        CHECK(wait_told == USEC_PER_HOUR);
        call_one(b);
        for (int i = 0; i < 100; i++)
                sd_event_run(loop, 500);
        put_clock_forward(3595 * USEC_PER_SEC);
        CHECK(a->restarts == 1 && b->restarts == 0);
        put_clock_forward(6 * USEC_PER_SEC);
        CHECK(turn_until(&a->done, 1) && turn_until(&b->done, 1));
        CHECK(a->reply.outcome == API_OK && s->requests == 3);
        api_close();
        served_stop(s);
        free(a);
        free(b);
}

static void an_announced_wait_holds_every_request(void)
{
        static const char soon[] = "Retry-After: 3600\r\nx-should-retry: true\r\n";
        const struct script scripts[][2] = {
                { SAYS(503, soon, ""), SAYS(200, "", PAGE_0) },
                { SAYS(400, soon, ""), SAYS(200, "", PAGE_0) },
                { SAYS(200, soon, PAGE_VOID), SAYS(200, "", PAGE_0) },
                { { .status = 200, .fields = soon, .body = PAGE_2, .cut = 9 },
                  SAYS(200, "", PAGE_0) },
        };

        for (size_t i = 0; i < ELEMENTS(scripts); i++)
                hold(scripts[i]);
}

static void once_does_not_sit_out_a_long_wait_with_any_call(void)
{
        /* Of whatever kind the call was that was told to wait: another is not missing for it. */
        static const int statuses[] = { 429, 503, 404 };
        static const char *const reasons[] = { "limited", "server", "network" };

        for (size_t i = 0; i < ELEMENTS(statuses); i++) {
                const struct script script[] = { SAYS(
                        statuses[i], "Retry-After: 61\r\nx-should-retry: true\r\n", "") };
                struct scripted scripted = { .script = script, .n = 1 };
                struct served *s = served_start(answer_script, &scripted);
                enum api_outcome outcome = i ? API_OUTAGE : API_LIMITED;
                struct call *a = call_new(), *b = call_new();

                api_open_with(s->port, (struct api_config){ .manner = RETRY_ONCE,
                                                            .requests_per_minute = 1 });
                call_list(a);
                call_one(b);
                CHECK(turn_until(&a->done, 1));
                CHECK(a->reply.outcome == (i == 2 ? API_MISSING : outcome));
                CHECK(i == 2 || a->reply.announced == 61 * USEC_PER_SEC);
                CHECK(strstr(a->reply.err.text, "the server asks to wait 1min 1s"));
                CHECK(turn_until(&b->done, 1));
                CHECK(b->reply.outcome == outcome && b->reply.announced > 60 * USEC_PER_SEC);
                CHECK(b->restarts == 0 && b->reply.status == (i == 2 ? 0 : statuses[i]));
                CHECK(strstr(b->reply.err.text, "the server asks to wait 1min"));
                CHECK(strcmp(api_reason(&b->reply), reasons[i]) == 0);
                CHECK(s->requests == 1 && requests_told == 1 && retries_told == 0);
                api_close();
                served_stop(s);
                free(a);
                free(b);
        }
}

static void a_spent_allowance_holds_the_next_request(void)
{
        static const struct {
                const char *reset;
                enum retry_manner manner;
                usec_t wait;
        } cases[] = {
                { "23m16.298s", RETRY_DAEMON, 23 * USEC_PER_MIN + 16298 * USEC_PER_MSEC },
                { "8.64s", RETRY_ONCE, 8640 * USEC_PER_MSEC },
                { "23m16.298s", RETRY_ONCE, 0 },
                { "2ms", RETRY_ONCE, 2 * USEC_PER_MSEC },
                { "soon", RETRY_DAEMON, 0 },
                { "-5s", RETRY_DAEMON, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char fields[128];
                struct script script = SAYS(200, fields, PAGE_0);
                struct scripted scripted = { .script = &script, .n = 1 };
                struct served *s = served_start(answer_script, &scripted);
                struct call *c = call_new();

                snprintf(fields, sizeof(fields),
                         "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: %s\r\n",
                         cases[i].reset);
                api_open(s, cases[i].manner);
                free(call());
                call_list(c);
                if (cases[i].wait > USEC_PER_SEC) {
                        turn_idle();
                        put_clock_forward(cases[i].wait - USEC_PER_SEC);
                        CHECK(c->restarts == 0);
                        put_clock_forward(USEC_PER_SEC);
                }
                CHECK(turn_until(&c->done, 1));
                CHECK(s->requests == 2);
                api_close();
                served_stop(s);
                free(c);
        }
}

int main(void)
{
        RUN(what_may_pass_is_asked_for_again, "what may pass is asked for again");
        RUN(the_server_can_ask_for_another_try, "the server can ask for another try");
        RUN(patience_ends_under_once, "patience ends after five retries under --once");
        RUN(a_body_cut_at_any_byte_is_read_anew, "a body cut at any byte is read anew");
        RUN(what_came_is_doubtful_only_where_a_200_was_compressed,
            "what came is doubtful only where a 200 was compressed");
        RUN(an_empty_page_with_more_to_come_is_asked_for_again,
            "an empty page with more to come is asked for again");
        RUN(a_hurry_ends_the_back_offs_that_nobody_announced,
            "a hurry ends the back-offs that nobody announced");
        RUN(an_announced_wait_holds_every_request, "an announced wait holds every request");
        RUN(once_does_not_sit_out_a_long_wait_with_any_call,
            "--once does not sit out a long wait, with any call");
        RUN(a_spent_allowance_holds_the_next_request,
            "a spent allowance holds the next request for as long as the server says");
        return tap_end();
}
