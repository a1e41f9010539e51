/* The loop: a listening socket on loopback, the connections, one timer, the signals. */
#pragma once

#include "conn.h"

#define SERVER_CONNECTIONS_MAX 4000 /* more are refused: no test opens them */

struct server {
        int epoll_fd, listen_fd, timer_fd, signal_fd;
        uint16_t port;
        bool stop;
        struct handler handler;
        struct conn *conns;
        size_t n_conns, conns_max;
        uint64_t last_number;
        uint64_t timer_usec; /* what the timer is set to; UINT64_MAX: off */
};

uint64_t server_now_usec(void); /* monotonic */

/* Listen on 127.0.0.1. Ends the program, saying why, if that cannot be. */
void server_open(struct server *s, uint16_t port, bool watch_stdin, const struct handler *handler);
/* Until SIGTERM, SIGINT or the end of stdin. */
void server_run(struct server *s);
void server_close(struct server *s);

/* Let all stalled answers go on. */
void server_release(struct server *s);
