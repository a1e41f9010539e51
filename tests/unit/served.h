/* A server on loopback within a test: one thread a connection, plain blocking C. The test's function
 * answers each request as it likes, byte by byte if need be. */
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVED_CONNECTIONS_MAX 4096 /* in one server's life */
#define SERVED_HEAD_MAX        16384

struct served_request {
        struct served *served;
        int fd;
        unsigned connection; /* from 0 */
        unsigned nth;        /* request of this connection, from 0 */
        unsigned number;     /* request of this server, from 0 */
        bool last;           /* set by the function: close the connection afterwards */
        char head[SERVED_HEAD_MAX];
};

typedef void (*served_fn)(struct served_request *r, void *ctx);

struct served {
        int fd;
        unsigned port;
        served_fn fn;
        void *ctx;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        pthread_t thread;
        bool stopping;
        unsigned connections, requests; /* so far */
        unsigned open, open_most;       /* connections */
        struct served_connection {
                struct served *served;
                pthread_t thread;
                unsigned index;
                int fd; /* -1: closed */
        } at[SERVED_CONNECTIONS_MAX];
};

static inline void served_write(struct served_request *r, const void *p, size_t n)
{
        const char *s = p;

        while (n) {
                ssize_t k = send(r->fd, s, n, MSG_NOSIGNAL);

                if (k <= 0) {
                        r->last = true;
                        return;
                }
                s += k;
                n -= (size_t)k;
        }
}

__attribute__((format(printf, 2, 3))) static inline void served_say(struct served_request *r,
                                                                    const char *format, ...)
{
        va_list ap;
        char *text;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                abort();
        served_write(r, text, (size_t)n);
        free(text);
}

/* A whole answer of one piece; fields end in \r\n each. */
static inline void served_answer(struct served_request *r, int status, const char *fields,
                                 const char *body)
{
        served_say(r, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields,
                   strlen(body), body);
}

/* A served_fn: says the text that is its ctx, whatever is asked, and closes. */
static inline void served_text(struct served_request *r, void *ctx)
{
        served_say(r, "%s", (const char *)ctx);
        r->last = true;
}

/* The peer gets a reset instead of an end. */
static inline void served_reset(struct served_request *r)
{
        struct linger l = { .l_onoff = 1 };

        setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
        r->last = true;
}

/* Wait until the server has seen n requests in all; false when it is being stopped. */
static inline bool served_wait(struct served *s, unsigned n)
{
        bool ok;

        pthread_mutex_lock(&s->lock);
        while (s->requests < n && !s->stopping)
                pthread_cond_wait(&s->changed, &s->lock);
        ok = !s->stopping;
        pthread_mutex_unlock(&s->lock);
        return ok;
}

/* Wait until the peer has closed (true) or sends more (false). */
static inline bool served_hung_up(struct served_request *r)
{
        char c;

        return recv(r->fd, &c, 1, MSG_PEEK) <= 0;
}

static inline bool served_read(struct served_request *r)
{
        size_t n = 0;

        r->head[0] = '\0';
        while (n < sizeof(r->head) - 1 && !strstr(r->head, "\r\n\r\n")) {
                if (recv(r->fd, r->head + n, 1, 0) != 1)
                        return false;
                r->head[++n] = '\0';
                if (r->head[0] == 0x16) /* the first byte of TLS: no text will come */
                        return true;
        }
        return true;
}

static inline void *served_serve(void *arg)
{
        struct served_connection *c = arg;
        struct served *s = c->served;
        struct served_request *r = calloc(1, sizeof(*r));

        if (!r)
                abort();
        r->served = s;
        r->connection = c->index;
        r->fd = c->fd;
        for (; !r->last && served_read(r); r->nth++) {
                pthread_mutex_lock(&s->lock);
                r->number = s->requests++;
                pthread_cond_broadcast(&s->changed);
                pthread_mutex_unlock(&s->lock);
                s->fn(r, s->ctx);
        }
        pthread_mutex_lock(&s->lock);
        c->fd = -1;
        s->open--;
        close(r->fd);
        pthread_mutex_unlock(&s->lock);
        free(r);
        return NULL;
}

static inline void *served_accept(void *arg)
{
        struct served *s = arg;
        int fd;

        while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
                struct served_connection *c;

                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
                pthread_mutex_lock(&s->lock);
                if (s->connections == SERVED_CONNECTIONS_MAX)
                        abort();
                c = &s->at[s->connections];
                *c = (struct served_connection){ .served = s, .index = s->connections, .fd = fd };
                if (pthread_create(&c->thread, NULL, served_serve, c) != 0)
                        abort();
                s->connections++;
                s->open++;
                if (s->open > s->open_most)
                        s->open_most = s->open;
                pthread_mutex_unlock(&s->lock);
        }
        return NULL;
}

static inline struct served *served_start(served_fn fn, void *ctx)
{
        struct served *s = calloc(1, sizeof(*s));
        struct sockaddr_in a = { .sin_family = AF_INET };
        socklen_t n = sizeof(a);

        if (!s)
                abort();
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        s->fn = fn;
        s->ctx = ctx;
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->changed, NULL);
        s->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(s->fd, (struct sockaddr *)&a, n) < 0 || listen(s->fd, 128) < 0 ||
            getsockname(s->fd, (struct sockaddr *)&a, &n) < 0)
                abort();
        s->port = ntohs(a.sin_port);
        if (pthread_create(&s->thread, NULL, served_accept, s) != 0)
                abort();
        return s;
}

static inline void served_stop(struct served *s)
{
        pthread_mutex_lock(&s->lock);
        s->stopping = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        shutdown(s->fd, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        for (unsigned i = 0; i < s->connections; i++) {
                pthread_mutex_lock(&s->lock);
                if (s->at[i].fd >= 0)
                        shutdown(s->at[i].fd, SHUT_RDWR);
                pthread_mutex_unlock(&s->lock);
                pthread_join(s->at[i].thread, NULL);
        }
        close(s->fd);
        pthread_mutex_destroy(&s->lock);
        pthread_cond_destroy(&s->changed);
        free(s);
}
