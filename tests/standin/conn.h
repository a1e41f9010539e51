/* One connection: takes requests in, one at a time, and sends their answers, never waiting. */
#pragma once

#include "request.h"
#include "sender.h"

enum conn_state {
        CONN_READING, /* for a whole request */
        CONN_WAITING, /* until the answer's delay is over */
        CONN_SENDING,
        CONN_LINGERING, /* all is sent; the other side is to close first, lest RST eats the end */
        CONN_CLOSED,
};

/* What makes the answers. */
struct handler {
        void (*handle)(void *ctx, const struct request *r, uint64_t connection, struct answer *ret);
        /* The answer is over; bytes were handed to the kernel, all of them if whole. */
        void (*finished)(void *ctx, const struct answer *a, uint64_t bytes, bool whole);
        int64_t (*date)(void *ctx); /* epoch seconds, for the heads */
        void *ctx;
};

struct conn {
        struct conn *next; /* the server's list */
        const struct handler *handler;
        int fd;
        uint64_t number; /* from 1 */
        enum conn_state state;
        bool peer_ended;        /* all that the other side sent is read */
        bool peer_leaving;      /* it will send no more, and may be gone */
        bool paused;            /* by the sender, not by the kernel */
        bool continued;         /* "100 Continue" was said */
        bool keep;              /* … the connection, behind the answer under way */
        bool sender_over;       /* the sender has nothing more */
        uint32_t mask;          /* the events that the poll is set to */
        uint64_t deadline_usec; /* when to be called without an event; UINT64_MAX: never */
        struct buf in, out;
        size_t out_at;
        uint64_t bytes; /* of the answer under way, sent */
        struct answer answer;
        struct sender sender;
};

struct conn *conn_new(int fd, uint64_t number, const struct handler *handler);
struct conn *conn_free(struct conn *c); /* closes it; returns NULL */

/* Go as far as possible. events are those of epoll, 0 for a deadline or a release. */
void conn_step(struct conn *c, uint32_t events, uint64_t now_usec);

/* The events that the connection waits for. */
uint32_t conn_wanted(const struct conn *c);

/* Let a stalled answer go on; conn_step() is to follow. */
void conn_release(struct conn *c);
