#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_PIECE       (256 * 1024) /* bytes made ahead: a page of 100 goes out in one write */
#define WRITES_A_TURN   4            /* then the other connections have theirs */
#define REQUESTS_A_TURN 16
#define LINGER_USEC     2000000

struct conn *conn_new(int fd, uint64_t number, const struct handler *handler)
{
        struct conn *c = must_alloc(sizeof(*c));

        c->fd = fd;
        c->number = number;
        c->handler = handler;
        c->deadline_usec = UINT64_MAX;
        return c;
}

/* Let go of the answer under way. */
static void finish(struct conn *c, bool whole)
{
        c->handler->finished(c->handler->ctx, &c->answer, c->bytes, whole);
        sender_done(&c->sender);
        answer_done(&c->answer);
        buf_clear(&c->out);
        c->out_at = 0;
}

static void shut(struct conn *c)
{
        if (c->state == CONN_WAITING || c->state == CONN_SENDING)
                finish(c, false);
        c->state = CONN_CLOSED;
        c->deadline_usec = UINT64_MAX;
}

struct conn *conn_free(struct conn *c)
{
        shut(c);
        buf_done(&c->in);
        buf_done(&c->out);
        close(c->fd);
        free(c);
        return NULL;
}

static void receive(struct conn *c)
{
        char *to = buf_reserve(&c->in, STREAM_PIECE);
        ssize_t n = recv(c->fd, to, STREAM_PIECE, MSG_DONTWAIT);

        if (n > 0)
                c->in.n += (size_t)n;
        else if (n == 0)
                c->peer_ended = true;
        else if (errno != EAGAIN && errno != EINTR)
                shut(c);
}

static void refuse(struct conn *c, int status)
{
        struct buf text = { 0 };

        buf_printf(&text, "the stand-in cannot read this request (%d)\n", status);
        c->answer = (struct answer)ANSWER_INIT;
        c->answer.status = status;
        c->answer.content_type = "text/plain";
        c->answer.close = true;
        answer_text(&c->answer, &text);
}

/* Ask the handler, once a request is there whole. False: more must come first. */
static bool take_request(struct conn *c, uint64_t now)
{
        struct request r;
        size_t head;
        int status, parsed = request_parse(buf_as_slice(&c->in), &r, &head, &status);

        if (parsed > 0)
                return false;
        if (parsed == 0 && c->in.n - head < r.content_length) {
                if (r.expects_continue && !c->continued)
                        (void)send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
                c->continued = true;
                return false;
        }

        c->continued = false;
        if (parsed < 0) {
                refuse(c, status);
                buf_clear(&c->in);
        } else {
                r.body = (struct slice){ c->in.p + head, (size_t)r.content_length };
                c->answer = (struct answer)ANSWER_INIT;
                c->answer.close = !r.keep_alive;
                c->answer.http10 = r.http10;
                c->handler->handle(c->handler->ctx, &r, c->number, &c->answer);
                buf_consume(&c->in, head + (size_t)r.content_length);
        }
        c->bytes = 0;
        c->sender_over = false;
        c->state = CONN_WAITING;
        c->deadline_usec = now + c->answer.delay_usec;
        return true;
}

/* Write what is in `out`. False: the kernel takes no more for now, or the connection is shut. */
static bool flush(struct conn *c)
{
        while (c->out_at < c->out.n) {
                ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        shut(c);
                if (n < 0)
                        return false;
                c->out_at += (size_t)n;
                c->bytes += (uint64_t)n;
        }
        buf_clear(&c->out);
        c->out_at = 0;
        return true;
}

static void end_connection(struct conn *c, bool reset, uint64_t now)
{
        struct linger hard = { .l_onoff = 1 };

        if (reset) {
                (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
                c->state = CONN_CLOSED;
                return;
        }
        (void)shutdown(c->fd, SHUT_WR);
        buf_clear(&c->in);
        c->state = c->peer_ended ? CONN_CLOSED : CONN_LINGERING;
        c->deadline_usec = now + LINGER_USEC;
}

/* False: there is nothing more to do for now. */
static bool send_answer(struct conn *c, uint64_t now)
{
        c->deadline_usec = UINT64_MAX;
        c->paused = false;
        for (int i = 0; i < WRITES_A_TURN; i++) {
                enum sender_state state = SENDER_DONE;

                if (!flush(c))
                        return false;
                if (!c->sender_over)
                        state = sender_fill(&c->sender, &c->out, OUT_PIECE, now, &c->deadline_usec,
                                            &c->keep);
                c->sender_over = state == SENDER_DONE;
                if (c->out.n > 0)
                        continue;
                c->paused = state == SENDER_PAUSED;
                if (c->paused && c->peer_leaving)
                        shut(c);
                if (c->paused)
                        return false;
                if (state == SENDER_DONE) {
                        bool reset = c->answer.reset;

                        finish(c, true);
                        c->state = CONN_READING;
                        if (!c->keep)
                                end_connection(c, reset, now);
                        return true;
                }
        }
        return false;
}

static void linger(struct conn *c, uint64_t now)
{
        if (c->peer_ended || now >= c->deadline_usec)
                shut(c);
        buf_clear(&c->in);
}

void conn_step(struct conn *c, uint32_t events, uint64_t now_usec)
{
        if (events & (EPOLLERR | EPOLLHUP)) {
                shut(c);
                return;
        }
        if (events & EPOLLRDHUP)
                c->peer_leaving = true;
        if (events & EPOLLIN)
                receive(c);

        for (int requests = 0; c->state != CONN_CLOSED;) {
                if (c->state == CONN_READING) {
                        c->deadline_usec = requests < REQUESTS_A_TURN ? UINT64_MAX : now_usec;
                        if (requests++ >= REQUESTS_A_TURN)
                                return;
                        if (take_request(c, now_usec))
                                continue;
                        if (c->peer_ended)
                                shut(c);
                        return;
                }
                if (c->state == CONN_WAITING) {
                        if (now_usec < c->deadline_usec)
                                return;
                        sender_start(&c->sender, &c->answer, c->handler->date(c->handler->ctx));
                        c->state = CONN_SENDING;
                }
                if (c->state == CONN_SENDING && !send_answer(c, now_usec))
                        return;
                if (c->state == CONN_LINGERING) {
                        linger(c, now_usec);
                        return;
                }
        }
}

uint32_t conn_wanted(const struct conn *c)
{
        uint32_t mask = c->peer_leaving ? 0 : EPOLLRDHUP;

        if ((c->state == CONN_READING || c->state == CONN_LINGERING) && !c->peer_ended)
                mask |= EPOLLIN;
        if (c->state == CONN_SENDING && !c->paused)
                mask |= EPOLLOUT;
        return mask;
}

void conn_release(struct conn *c)
{
        if (c->state == CONN_SENDING)
                c->sender.released = true;
}
