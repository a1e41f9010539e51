#include "fetch.h"

#include <errno.h>
#include <time.h>

/* Answers "<number of the request>" and keeps what it was asked. */
static char asked[16][SERVED_HEAD_MAX];

static void answer_number(struct served_request *r, void *ctx)
{
        char body[16];

        (void)ctx;
        snprintf(body, sizeof(body), "<%u>", r->number);
        snprintf(asked[r->number % 16], sizeof(asked[0]), "%s", r->head);
        served_answer(r, 200, "", body);
}

static void answer_text(struct served_request *r, void *ctx)
{
        served_say(r, "%s", (const char *)ctx);
        r->last = !strstr(ctx, "Content-Length") && !strstr(ctx, "chunked");
}

/* One request to a server that says just this. */
static struct fetch *fetch_text(const char *answer)
{
        struct served *s = served_start(answer_text, (void *)(uintptr_t)answer);
        struct fetch *f;

        client_open(2, NULL, false);
        f = fetch(s, "/");
        client_close();
        served_stop(s);
        CHECK(f->done == 1);
        return f;
}

static bool is(const struct fetch *f, int status, const char *body)
{
        return f->head.status == status && f->result.complete && !f->result.aborted &&
               !f->result.trust && f->problem[0] == '\0' && f->n == strlen(body) &&
               memcmp(f->body, body, f->n) == 0;
}

static void the_head_and_the_body_arrive(void)
{
        _cleanup_free_ struct fetch *f = fetch_text(
                "HTTP/1.1 429 Slow down\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\n"
                "X-Request-ID: \t req_1 \r\nRetry-After: 3\r\nretry-after-ms:1500\r\n"
                "x-should-retry: true\r\nOpenAI-Project: proj_1\r\nLocation: /elsewhere\r\n"
                "X-RateLimit-Remaining-Requests: 0\r\nx-ratelimit-reset-requests: 8.64s\r\n"
                "Content-Length: 5\r\n\r\nhello");

        CHECK(is(f, 429, "hello"));
        CHECK(f->result.bytes_in == 5);
        CHECK(f->head.date == 1795334400);
        CHECK(strcmp(f->head.request_id, "req_1") == 0);
        CHECK(strcmp(f->head.retry_after, "3") == 0);
        CHECK(strcmp(f->head.retry_after_ms, "1500") == 0);
        CHECK(strcmp(f->head.should_retry, "true") == 0);
        CHECK(strcmp(f->head.project, "proj_1") == 0);
        CHECK(strcmp(f->head.location, "/elsewhere") == 0);
        CHECK(strcmp(f->head.rate_remaining, "0") == 0);
        CHECK(strcmp(f->head.rate_reset, "8.64s") == 0);
}

static void what_the_head_does_not_say_is_empty(void)
{
        _cleanup_free_ struct fetch *f = fetch_text(
                "HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n");
        static const struct http_head none = { .status = 200 };

        CHECK(is(f, 200, "") && f->pieces == 0);
        CHECK(memcmp(&f->head, &none, sizeof(none)) == 0);
}

static void azures_request_id_stands_in_for_the_common_one(void)
{
        struct fetch *f = fetch_text("HTTP/1.1 200 OK\r\napim-request-id: azure\r\n"
                                     "Content-Length: 0\r\n\r\n");

        CHECK(strcmp(f->head.request_id, "azure") == 0);
        free(f);
        f = fetch_text("HTTP/1.1 200 OK\r\nx-request-id: common\r\napim-request-id: azure\r\n"
                       "Content-Length: 0\r\n\r\n");
        CHECK(strcmp(f->head.request_id, "common") == 0);
        free(f);
        f = fetch_text("HTTP/1.1 200 OK\r\napim-request-id: azure\r\nx-request-id: common\r\n"
                       "Content-Length: 0\r\n\r\n");
        CHECK(strcmp(f->head.request_id, "common") == 0);
        free(f);
}

static void field_values_are_printable_ascii_and_short(void)
{
        struct fetch *f = fetch_text("HTTP/1.1 200 OK\r\nx-request-id: a\x01\x1b[31mb\xc3\xa4\x7f c"
                                     "\r\nContent-Length: 0\r\n\r\n");
        char answer[1024], id[301] = "";

        CHECK(strcmp(f->head.request_id, "a[31mb c") == 0);
        free(f);

        memset(id, 'x', 300);
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 200 OK\r\nx-request-id: %s\r\nContent-Length: 0\r\n\r\n", id);
        f = fetch_text(answer);
        CHECK(strlen(f->head.request_id) == HTTP_FIELD_MAX - 1);
        free(f);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void each_framing_of_a_body_is_read(void)
{
        static const char *const answers[] = {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                CHUNKED "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
                "HTTP/1.0 200 OK\r\n\r\nhello",
        };

        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                _cleanup_free_ struct fetch *f = fetch_text(answers[i]);

                if (!CHECK(is(f, 200, "hello") && f->result.bytes_in == 5))
                        printf("# %s\n", answers[i]);
        }
}

static void the_head_is_that_of_the_final_response(void)
{
        _cleanup_free_ struct fetch *f = fetch_text(
                "HTTP/1.1 100 Continue\r\nx-request-id: early\r\n\r\n"
                "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
                "HTTP/1.1 200 OK\r\nx-request-id: final\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
                "x-request-id: trailer\r\nRetry-After: 99\r\n\r\n");

        CHECK(is(f, 200, "hello"));
        CHECK(strcmp(f->head.request_id, "final") == 0);
        CHECK(strcmp(f->head.retry_after, "") == 0);
}

static void answer_gzip(struct served_request *r, void *ctx)
{
        static const unsigned char gzip[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
                                              0x02, 0x03, 0xab, 0x56, 0xca, 0x4f, 0xca, 0x4a,
                                              0x4d, 0x2e, 0x51, 0xb2, 0x52, 0xca, 0xc9, 0x2c,
                                              0x2e, 0x51, 0xd2, 0x51, 0x4a, 0x49, 0x2c, 0x49,
                                              0x54, 0xb2, 0x8a, 0x8e, 0xad, 0x05, 0x00, 0xb4,
                                              0xc8, 0xfd, 0x3c, 0x1b, 0x00, 0x00, 0x00 };
        bool spoil = ctx != NULL;

        served_say(r, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                   sizeof(gzip));
        served_write(r, gzip, 20);
        served_write(r, spoil ? "\xff" : (const void *)(gzip + 20), 1);
        served_write(r, gzip + 21, sizeof(gzip) - 21);
}

static void gzip_is_asked_for_and_decoded(void)
{
        struct served *s = served_start(answer_gzip, NULL);
        struct fetch *f;

        client_open(2, NULL, false);
        f = fetch(s, "/");
        CHECK(is(f, 200, "{\"object\":\"list\",\"data\":[]}"));
        CHECK(f->result.bytes_in == 47);
        free(f);
        served_stop(s);

        s = served_start(answer_gzip, &loop);
        f = fetch(s, "/");
        CHECK(f->head.status == 200 && !f->result.complete && *f->problem && !f->result.aborted);
        free(f);
        client_close();
        served_stop(s);
}

static void the_request_says_what_it_was_told_and_no_more(void)
{
        static const char *const headers[] = { "Authorization: Bearer sesame",
                                               "Accept: application/json", NULL };
        struct served *s = served_start(answer_number, NULL);
        struct fetch *f = mem_new(sizeof(*f));
        char url[128], expected[512];
        struct err e;

        client_open(2, NULL, false);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/v1/../a%%5Bb%%5D?x=1&y=%%20", s->port);
        CHECK(fetch_start_url(f, url, headers, &e) == 0);
        CHECK(turn_until(&f->done, 1));
        snprintf(expected, sizeof(expected),
                 "GET /v1/../a%%5Bb%%5D?x=1&y=%%20 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                 "User-Agent: chatarchived/test\r\nAccept-Encoding: gzip\r\n"
                 "Authorization: Bearer sesame\r\nAccept: application/json\r\n\r\n",
                 s->port);
        if (!CHECK(strcmp(asked[0], expected) == 0))
                printf("# %s\n", asked[0]);
        client_close();
        served_stop(s);
        free(f);
}

static void redirects_are_reported_and_not_followed(void)
{
        struct fetch *f = fetch_text("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                                     "Content-Length: 2\r\n\r\nno");

        CHECK(is(f, 302, "no"));
        CHECK(strcmp(f->head.location, "http://127.0.0.1:1/") == 0);
        free(f);
}

static void answer_and_hang_up(struct served_request *r, void *ctx)
{
        answer_number(r, ctx);
        r->last = true; /* without a word of it in the head */
}

static void connections_are_used_again_and_a_dead_one_is_replaced(void)
{
        struct served *s = served_start(answer_number, NULL);

        client_open(2, NULL, false);
        for (unsigned i = 0; i < 20; i++)
                free(fetch(s, "/"));
        CHECK(s->connections == 1 && s->requests == 20);
        served_stop(s);

        s = served_start(answer_and_hang_up, NULL);
        for (unsigned i = 0; i < 20; i++) {
                struct fetch *f = fetch(s, "/");

                CHECK(f->head.status == 200 && f->result.complete);
                free(f);
        }
        CHECK(s->connections == 20);
        client_close();
        served_stop(s);
}

static void requests_do_not_wait_for_the_timers_of_the_loop(void)
{
        struct served *s = served_start(answer_number, NULL);
        struct timespec from, to;

        client_open(2, NULL, false);
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (unsigned i = 0; i < 50; i++)
                free(fetch(s, "/"));
        clock_gettime(CLOCK_MONOTONIC, &to);
        /* 50 times the loop's default accuracy would be 12 s. */
        CHECK(to.tv_sec - from.tv_sec < 3);
        client_close();
        served_stop(s);
}

/* --- timers ------------------------------------------------------------------------------- */

static unsigned fired;
static char order[8];

static void fire_a(void *ctx)
{
        order[fired++] = *(const char *)ctx;
}

static void timers_fire_once_in_their_order_and_never_from_within(void)
{
        struct http_timer *stopped, *far;

        client_open(1, NULL, false);
        fired = 0;
        memset(order, 0, sizeof(order));
        http_timer_start(client, 20000, fire_a, (void *)(uintptr_t) "c");
        http_timer_start(client, 1000, fire_a, (void *)(uintptr_t) "b");
        stopped = http_timer_start(client, 500, fire_a, (void *)(uintptr_t) "x");
        http_timer_start(client, 0, fire_a, (void *)(uintptr_t) "a");
        far = http_timer_start(client, USEC_INFINITY, fire_a, (void *)(uintptr_t) "y");
        CHECK(fired == 0);
        CHECK(http_timer_stop(stopped) == NULL);
        CHECK(http_timer_stop(NULL) == NULL);
        CHECK(turn_until(&fired, 3));
        turn_idle();
        CHECK(strcmp(order, "abc") == 0);
        http_timer_stop(far);
        client_close();
}

static void chain(void *ctx)
{
        fired++;
        if (fired < 40)
                http_timer_start(client, 1000, chain, ctx);
}

static void timers_are_accurate(void)
{
        struct timespec from, to;
        int64_t msec;

        client_open(1, NULL, false);
        fired = 0;
        clock_gettime(CLOCK_MONOTONIC, &from);
        http_timer_start(client, 1000, chain, NULL);
        CHECK(turn_until(&fired, 40));
        clock_gettime(CLOCK_MONOTONIC, &to);
        msec = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
        CHECK(msec >= 40 && msec < 2000); /* with 250 ms of accuracy: up to 10 s */
        client_close();
}

int main(void)
{
        RUN(the_head_and_the_body_arrive, "the head and the body arrive");
        RUN(what_the_head_does_not_say_is_empty, "what the head does not say is empty");
        RUN(azures_request_id_stands_in_for_the_common_one,
            "Azure's request id stands in for the common one");
        RUN(field_values_are_printable_ascii_and_short,
            "field values are printable ASCII and short");
        RUN(each_framing_of_a_body_is_read, "each framing of a body is read");
        RUN(the_head_is_that_of_the_final_response, "the head is that of the final response");
        RUN(gzip_is_asked_for_and_decoded, "gzip is asked for and decoded");
        RUN(the_request_says_what_it_was_told_and_no_more,
            "the request says what it was told and no more");
        RUN(redirects_are_reported_and_not_followed, "redirects are reported and not followed");
        RUN(connections_are_used_again_and_a_dead_one_is_replaced,
            "connections are used again, and a dead one is replaced");
        RUN(requests_do_not_wait_for_the_timers_of_the_loop,
            "requests do not wait for the timers of the loop");
        RUN(timers_fire_once_in_their_order_and_never_from_within,
            "timers fire once, in their order and never from within");
        RUN(timers_are_accurate, "timers are accurate");
        return tap_end();
}
