/* For the tests of http: a loop, a client, and transfers that keep what came. */
#pragma once

#include "tap.h"
#include "served.h"
#include "base/mem.h"
#include "wire/http.h"

#include <systemd/sd-event.h>

#define FETCH_PATIENCE 10 /* seconds that a test waits for what must happen */
#define FETCH_BODY_MAX 65536

struct fetch {
        struct http_transfer *transfer;
        unsigned done; /* times that done() was called */
        unsigned pieces;
        struct http_head head;
        struct http_result result;
        char problem[256];
        char body[FETCH_BODY_MAX];
        size_t n;
        int stop_at; /* body() refuses the piece of this number, from 1; 0: none */
        void (*on_body)(struct fetch *f);
        void (*on_done)(struct fetch *f);
        void *ctx;
};

static sd_event *loop;
static struct http *client;

static inline void client_open(unsigned connections, const char *proxy, bool allow_http)
{
        struct http_config config = { .proxy = proxy,
                                      .user_agent = "chatarchived/test",
                                      .allow_http = allow_http,
                                      .connections_max = connections };
        struct err e;

        if (sd_event_new(&loop) < 0 || http_new(loop, &config, &client, &e) < 0)
                abort();
}

static inline void client_close(void)
{
        client = http_free(client);
        loop = sd_event_unref(loop);
}

static inline int fetch_body(void *ctx, const struct http_head *head, const char *p, size_t n)
{
        struct fetch *f = ctx;

        f->head = *head;
        f->pieces++;
        CHECK(n > 0 && f->done == 0);
        if (n <= sizeof(f->body) - f->n) {
                memcpy(f->body + f->n, p, n);
                f->n += n;
        }
        if (f->on_body)
                f->on_body(f);
        return f->stop_at && f->pieces >= (unsigned)f->stop_at ? 7 : 0;
}

static inline void fetch_done(void *ctx, const struct http_head *head,
                              const struct http_result *result)
{
        struct fetch *f = ctx;

        f->transfer = NULL;
        f->head = *head;
        f->result = *result;
        snprintf(f->problem, sizeof(f->problem), "%s", result->problem);
        f->result.problem = f->problem;
        f->done++;
        if (f->on_done)
                f->on_done(f);
}

static inline int fetch_start_url(struct fetch *f, const char *url, const char *const *headers,
                                  struct err *e)
{
        struct http_request request = {
                .url = url, .headers = headers, .body = fetch_body, .done = fetch_done, .ctx = f
        };

        return http_start(client, &request, &f->transfer, e);
}

static inline void fetch_start(struct fetch *f, const struct served *s, const char *path)
{
        char url[256];
        struct err e;

        snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->port, path);
        if (fetch_start_url(f, url, NULL, &e) < 0)
                abort();
}

/* Turn the loop until *what is at least n; false if that never comes. */
static inline bool turn_until(const unsigned *what, unsigned n)
{
        for (int i = 0; *what < n; i++)
                if (sd_event_run(loop, FETCH_PATIENCE * 1000000u) <= 0 || i > 1000000)
                        return false;
        return true;
}

/* Turn it until the server has read n requests; it is another thread and wakes nobody here. */
static inline bool turn_until_asked(struct served *s, unsigned n)
{
        for (int i = 0; i < FETCH_PATIENCE * 1000; i++) {
                unsigned requests;

                pthread_mutex_lock(&s->lock);
                requests = s->requests;
                pthread_mutex_unlock(&s->lock);
                if (requests >= n)
                        return true;
                sd_event_run(loop, 1000);
        }
        return false;
}

/* Turn it for as long as it has something to do now. */
static inline void turn_idle(void)
{
        while (sd_event_run(loop, 0) > 0)
                ;
}

/* One request, whole. */
static inline struct fetch *fetch(const struct served *s, const char *path)
{
        struct fetch *f = mem_new(sizeof(*f));

        fetch_start(f, s, path);
        CHECK(f->done == 0);
        CHECK(turn_until(&f->done, 1));
        return f;
}
