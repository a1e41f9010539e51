#include "fetch.h"

/* --- nobody there, and the wrong ones ------------------------------------------------------- */

static struct fetch *fetch_url(const char *url, const char *const *headers)
{
        struct fetch *f = mem_new(sizeof(*f));
        struct err e = { 0 };

        if (CHECK(fetch_start_url(f, url, headers, &e) == 0))
                CHECK(turn_until(&f->done, 1));
        return f;
}

static unsigned free_port(void)
{
        struct served *s = served_start(served_text, NULL);
        unsigned port = s->port;

        served_stop(s);
        return port;
}

static void nobody_at_home_is_a_failed_transfer_with_a_reason(void)
{
        struct served *s = served_start(served_text, (void *)(uintptr_t) "no TLS here\n");
        struct fetch *f;
        char url[128];

        client_open(2, NULL, false);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/", free_port());
        f = fetch_url(url, NULL);
        CHECK(f->head.status == 0 && !f->result.complete && !f->result.trust);
        CHECK(strstr(f->problem, "connect"));
        free(f);

        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", s->port);
        f = fetch_url(url, NULL);
        CHECK(f->head.status == 0 && !f->result.complete && !f->result.trust && *f->problem);
        free(f);
        client_close();
        served_stop(s);
}

/* --- proxies ------------------------------------------------------------------------------ */

static char seen[4][SERVED_HEAD_MAX];

/* A proxy that lets everything through, to itself. */
static void answer_as_proxy(struct served_request *r, void *ctx)
{
        snprintf(seen[r->number % 4], sizeof(seen[0]), "%s", r->head);
        if (ctx)
                served_answer(r, 407, "x-request-id: proxy\r\n", "who are you?");
        else if (strncmp(r->head, "CONNECT ", 8) == 0)
                served_say(r, "HTTP/1.1 200 Go on\r\nx-request-id: proxy\r\n\r\n");
        else
                served_answer(r, 200, "", "hello");
}

static void loopback_never_goes_through_a_proxy(void)
{
        struct served *proxy = served_start(answer_as_proxy, NULL);
        struct served *s = served_start(served_text, (void *)(uintptr_t) "HTTP/1.0 200 OK\r\n\r\n");
        char url[64];

        snprintf(url, sizeof(url), "http://127.0.0.1:%u", proxy->port);
        setenv("http_proxy", url, 1);
        setenv("all_proxy", url, 1);
        for (int i = 0; i < 2; i++) {
                struct fetch *f;

                client_open(1, i ? url : NULL, false);
                f = fetch(s, "/");
                CHECK(f->head.status == 200 && f->result.complete);
                free(f);
                client_close();
        }
        unsetenv("http_proxy");
        unsetenv("all_proxy");
        CHECK(proxy->requests == 0 && s->requests == 2);
        served_stop(proxy);
        served_stop(s);
}

static void a_proxy_sees_neither_the_headers_nor_gives_its_own(void)
{
        static const char *const headers[] = { "Authorization: Bearer sesame", NULL };
        struct served *proxy = served_start(answer_as_proxy, NULL);
        struct fetch *f;
        char url[64];

        snprintf(url, sizeof(url), "http://127.0.0.1:%u", proxy->port);
        client_open(1, url, true);
        f = fetch_url("http://chats.example/v1", headers);
        CHECK(f->head.status == 200 && f->result.complete && f->n == 5);
        CHECK(strcmp(f->head.request_id, "") == 0);
        CHECK(strncmp(seen[0], "CONNECT chats.example:80 ", 25) == 0);
        CHECK(!strstr(seen[0], "sesame") && strstr(seen[1], "sesame"));
        free(f);
        client_close();
        served_stop(proxy);

        proxy = served_start(answer_as_proxy, &loop);
        snprintf(url, sizeof(url), "http://user:hunter2@127.0.0.1:%u", proxy->port);
        client_open(1, url, true);
        f = fetch_url("http://chats.example/v1", headers);
        CHECK(f->head.status == 0 && !f->result.complete && *f->problem);
        CHECK(strcmp(f->head.request_id, "") == 0);
        CHECK(!strstr(f->problem, "hunter2"));
        free(f);
        client_close();
        served_stop(proxy);
}

static void the_password_of_a_proxy_is_in_no_text(void)
{
        static const char *const proxies[] = { "foo://user:hunter2@127.0.0.1:1",
                                               "http://user:hunter2@127.0.0.1:99999",
                                               "http://user:hunter2@@@[",
                                               "http://user:hunter2@127.0.0.1:1" };

        for (size_t i = 0; i < ELEMENTS(proxies); i++) {
                struct fetch *f;

                client_open(1, proxies[i], true);
                f = fetch_url("http://chats.example/v1", NULL);
                CHECK(f->done == 1 && !f->result.complete && *f->problem);
                CHECK(!strstr(f->problem, "hunter2"));
                free(f);
                client_close();
        }
}

int main(void)
{
        RUN(nobody_at_home_is_a_failed_transfer_with_a_reason,
            "nobody at home is a failed transfer with a reason");
        RUN(loopback_never_goes_through_a_proxy, "loopback never goes through a proxy");
        RUN(a_proxy_sees_neither_the_headers_nor_gives_its_own,
            "a proxy neither sees the headers nor gives its own");
        RUN(the_password_of_a_proxy_is_in_no_text, "the password of a proxy is in no text");
        return tap_end();
}
