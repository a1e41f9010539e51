#include "server.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS      64
#define OTHER_FILES 16 /* descriptors that are no connections */

/* Told apart from connections by their address. */
static char listen_tag, timer_tag, signal_tag, stdin_tag;

uint64_t server_now_usec(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void watch(struct server *s, int fd, void *tag)
{
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = tag };

        if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
                err(1, tag == &stdin_tag ? "--watch-stdin: stdin" : "epoll_ctl");
}

static void open_listener(struct server *s, uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(address);
        int on = 1;

        s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->listen_fd < 0)
                err(1, "socket");
        (void)setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(s->listen_fd, (struct sockaddr *)&address, n) < 0)
                err(1, "bind to 127.0.0.1:%u", port);
        if (listen(s->listen_fd, 1024) < 0)
                err(1, "listen");
        if (getsockname(s->listen_fd, (struct sockaddr *)&address, &n) < 0)
                err(1, "getsockname");
        s->port = ntohs(address.sin_port);
}

void server_open(struct server *s, uint16_t port, bool watch_stdin, const struct handler *handler)
{
        struct rlimit files;
        sigset_t set;

        *s = (struct server){ .handler = *handler, .timer_usec = UINT64_MAX };
        s->conns_max = SERVER_CONNECTIONS_MAX;
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &files);
                if (files.rlim_cur < SERVER_CONNECTIONS_MAX + OTHER_FILES)
                        s->conns_max = (size_t)files.rlim_cur - OTHER_FILES;
        }
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);

        s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        if (s->epoll_fd < 0 || s->timer_fd < 0 || s->signal_fd < 0)
                err(1, "epoll, timerfd or signalfd");
        open_listener(s, port);

        watch(s, s->listen_fd, &listen_tag);
        watch(s, s->timer_fd, &timer_tag);
        watch(s, s->signal_fd, &signal_tag);
        if (watch_stdin)
                watch(s, STDIN_FILENO, &stdin_tag);
}

static void drop(struct server *s, struct conn *c)
{
        struct conn **at = &s->conns;

        while (*at != c)
                at = &(*at)->next;
        *at = c->next;
        s->n_conns--;
        (void)conn_free(c);
}

static void step(struct server *s, struct conn *c, uint32_t events, uint64_t now)
{
        struct epoll_event e = { .data.ptr = c };

        conn_step(c, events, now);
        if (c->state == CONN_CLOSED)
                return; /* freed behind the batch, which may still name it */

        e.events = conn_wanted(c);
        if (e.events != c->mask && epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) == 0)
                c->mask = e.events;
}

static void take_connections(struct server *s)
{
        for (;;) {
                int on = 1, fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP };
                struct conn *c;

                if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
                        return;
                if (fd < 0)
                        continue;
                if (s->n_conns >= s->conns_max) {
                        close(fd);
                        continue;
                }
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                c = conn_new(fd, ++s->last_number, &s->handler);
                c->mask = e.events;
                e.data.ptr = c;
                c->next = s->conns;
                s->conns = c;
                s->n_conns++;
                if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
                        c->state = CONN_CLOSED;
        }
}

static void read_stdin(struct server *s)
{
        char bytes[512];

        if (read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
                s->stop = true;
}

/* Call those whose time has come, free those that are over, set the timer for the next. */
static void tend(struct server *s)
{
        uint64_t now = server_now_usec(), next = UINT64_MAX, unused;
        struct itimerspec at = { 0 };

        for (struct conn *c = s->conns, *after; c; c = after) {
                after = c->next;
                if (c->state != CONN_CLOSED && c->deadline_usec <= now)
                        step(s, c, 0, now);
                if (c->state == CONN_CLOSED)
                        drop(s, c);
                else if (c->deadline_usec < next)
                        next = c->deadline_usec;
        }
        if (next == s->timer_usec)
                return;

        /* A fired timer is read off; zero would disarm it, so that "now" becomes a nanosecond. */
        (void)!read(s->timer_fd, &unused, sizeof(unused));
        if (next != UINT64_MAX) {
                at.it_value.tv_sec = (time_t)(next / 1000000);
                at.it_value.tv_nsec = (long)(next % 1000000) * 1000;
        }
        (void)timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
        s->timer_usec = next;
}

void server_run(struct server *s)
{
        struct epoll_event events[EVENTS];

        while (!s->stop) {
                int n = epoll_wait(s->epoll_fd, events, EVENTS, -1);
                uint64_t now = server_now_usec();

                if (n < 0 && errno != EINTR)
                        err(1, "epoll_wait");
                for (int i = 0; i < n; i++) {
                        void *tag = events[i].data.ptr;

                        if (tag == &listen_tag)
                                take_connections(s);
                        else if (tag == &timer_tag)
                                s->timer_usec = 0;
                        else if (tag == &signal_tag)
                                s->stop = true;
                        else if (tag == &stdin_tag)
                                read_stdin(s);
                        else if (((struct conn *)tag)->state != CONN_CLOSED)
                                step(s, tag, events[i].events, now);
                }
                tend(s);
        }
}

void server_close(struct server *s)
{
        while (s->conns)
                drop(s, s->conns);
        close(s->listen_fd);
        close(s->timer_fd);
        close(s->signal_fd);
        close(s->epoll_fd);
}

void server_release(struct server *s)
{
        for (struct conn *c = s->conns; c; c = c->next) {
                conn_release(c);
                if (c->paused)
                        c->deadline_usec = 0;
        }
}
