#include "fetch.h"

/* --- ends on purpose ---------------------------------------------------------------------- */

static void answer_long(struct served_request *r, void *ctx)
{
        char piece[8193] = "";

        (void)ctx;
        memset(piece, 'x', sizeof(piece) - 1);
        served_say(r, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        while (!r->last)
                served_write(r, piece, sizeof(piece) - 1);
}

static void a_reader_that_says_stop_gets_no_more(void)
{
        struct served *s = served_start(answer_long, NULL);

        client_open(2, NULL, false);
        for (int at = 1; at <= 4; at++) {
                struct fetch *f = mem_new(sizeof(*f));

                f->stop_at = at;
                fetch_start(f, s, "/");
                CHECK(turn_until(&f->done, 1));
                turn_idle();
                CHECK(f->done == 1 && f->pieces == (unsigned)at);
                CHECK(f->result.aborted && !f->result.complete && *f->problem);
                CHECK(f->head.status == 200);
                free(f);
        }
        client_close();
        served_stop(s);
}

static void read_slowly(struct fetch *f)
{
        struct timespec while_ms = { .tv_nsec = 200000 };

        (void)f;
        nanosleep(&while_ms, NULL);
}

static void on_tick(void *ctx)
{
        unsigned *ticks = ctx;

        ++*ticks;
}

/* Then curl wants to be called again at once, each time. */
static void bytes_that_come_faster_than_they_are_read_keep_nothing_waiting(void)
{
        struct served *s = served_start(answer_long, NULL);
        struct fetch *f = mem_new(sizeof(*f));
        unsigned ticks = 0;

        client_open(1, NULL, false);
        f->stop_at = 3000;
        f->on_body = read_slowly;
        http_timer_start(client, USEC_PER_MSEC, on_tick, &ticks);
        fetch_start(f, s, "/");
        CHECK(turn_until(&f->done, 1));
        CHECK(f->done == 1 && f->pieces == 3000);
        CHECK(ticks == 1);
        free(f);
        client_close();
        served_stop(s);
}

/* Answers nothing until the peer hangs up. */
static void answer_never(struct served_request *r, void *ctx)
{
        if (ctx)
                served_say(r, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        served_hung_up(r);
        r->last = true;
}

static void a_cancelled_transfer_is_never_heard_of_again(void)
{
        struct served *s = served_start(answer_never, &loop);
        struct fetch *f[3];

        client_open(2, NULL, false);
        for (int i = 0; i < 3; i++)
                fetch_start(f[i] = mem_new(sizeof(*f[i])), s, "/");
        /* Two have begun, one waits for a place; one is cancelled without a turn of the loop. */
        CHECK(http_cancel(NULL) == NULL);
        CHECK((f[1]->transfer = http_cancel(f[1]->transfer)) == NULL);
        CHECK(turn_until(&f[0]->pieces, 1) && turn_until(&f[2]->pieces, 1));
        http_cancel(f[0]->transfer);
        http_cancel(f[2]->transfer);
        turn_idle();
        for (int i = 0; i < 3; i++) {
                CHECK(f[i]->done == 0);
                free(f[i]);
        }
        CHECK(s->open_most <= 2);
        client_close();
        served_stop(s);
}

static void cancel_the_other(struct fetch *f)
{
        struct fetch *other = f->ctx;

        if (other->transfer)
                other->transfer = http_cancel(other->transfer);
}

/* b's second half never comes: else it might be whole before a's first one was read. */
static void answer_halves(struct served_request *r, void *ctx)
{
        (void)ctx;
        served_say(r, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        if (!served_wait(r->served, strncmp(r->head, "GET /b", 6) == 0 ? 1000 : 2))
                return;
        served_say(r, "hello");
}

static void a_transfer_may_be_cancelled_from_the_callbacks_of_another(void)
{
        for (int way = 0; way < 3; way++) {
                struct served *s = served_start(answer_halves, NULL);
                struct fetch *a = mem_new(sizeof(*a)), *b = mem_new(sizeof(*b));

                client_open(way == 2 ? 1 : 2, NULL, false);
                a->ctx = b;
                if (way == 1)
                        a->on_done = cancel_the_other;
                else
                        a->on_body = cancel_the_other;
                fetch_start(a, s, "/a");
                fetch_start(b, s, "/b");
                if (way == 2) { /* b waits for a's place, and a for the second request */
                        CHECK(turn_until(&a->pieces, 1));
                        fetch_start(b, s, "/b");
                        http_cancel(a->transfer);
                        CHECK(turn_until(&b->pieces, 1));
                } else {
                        CHECK(turn_until(&a->done, 1));
                }
                turn_idle();
                CHECK(b->done == 0 || way > 0);
                if (b->transfer)
                        http_cancel(b->transfer);
                client_close();
                served_stop(s);
                free(a);
                free(b);
        }
}

/* --- many at once ------------------------------------------------------------------------- */

static unsigned under_way_most;

static void answer_when_two(struct served_request *r, void *ctx)
{
        /* No answer before a second request has come: proves that both are under way. */
        (void)ctx;
        served_wait(r->served, 2);
        served_answer(r, 200, "", r->head);
}

static void start_next(struct fetch *f)
{
        struct fetch *next = f->ctx;

        f->ctx = NULL;
        if (next)
                fetch_start(next, next->ctx, "/next");
        if (next)
                next->ctx = NULL;
}

static void transfers_run_at_once_up_to_the_number_allowed(void)
{
        struct served *s = served_start(answer_when_two, NULL);
        struct fetch *f[20];
        char path[32];

        client_open(3, NULL, false);
        for (int i = 0; i < 20; i++) {
                snprintf(path, sizeof(path), "/%d", i);
                fetch_start(f[i] = mem_new(sizeof(*f[i])), s, path);
        }
        for (int i = 0; i < 20; i++) {
                CHECK(turn_until(&f[i]->done, 1));
                snprintf(path, sizeof(path), "GET /%d ", i);
                CHECK(f[i]->result.complete && strncmp(f[i]->body, path, strlen(path)) == 0);
                free(f[i]);
        }
        under_way_most = s->open_most;
        CHECK(under_way_most >= 2 && under_way_most <= 3 && s->connections <= 3);
        client_close();
        served_stop(s);
}

static void transfers_may_be_started_from_the_callbacks_of_another(void)
{
        struct served *s = served_start(answer_when_two, NULL);
        struct fetch *a = mem_new(sizeof(*a)), *b = mem_new(sizeof(*b)), *c = mem_new(sizeof(*c)),
                     *d = mem_new(sizeof(*d));

        client_open(2, NULL, false);
        a->on_body = start_next; /* within curl */
        b->on_done = start_next;
        a->ctx = c;
        b->ctx = d;
        c->ctx = d->ctx = s;
        fetch_start(a, s, "/a");
        fetch_start(b, s, "/b");
        CHECK(turn_until(&a->done, 1) && turn_until(&b->done, 1));
        CHECK(turn_until(&c->done, 1) && turn_until(&d->done, 1));
        CHECK(c->result.complete && d->result.complete && s->requests == 4);
        client_close();
        served_stop(s);
        free(a), free(b), free(c), free(d);
}

static void nothing_is_left_of_transfers_that_were_never_finished(void)
{
        struct served *s = served_start(answer_never, NULL);
        struct fetch *f = mem_new(sizeof(*f));

        client_open(1, NULL, false);
        fetch_start(f, s, "/");
        CHECK(turn_until_asked(s, 1));
        client_close(); /* the sanitizer counts */
        served_stop(s);
        CHECK(f->done == 0);
        free(f);
}

int main(void)
{
        RUN(a_reader_that_says_stop_gets_no_more, "a reader that says stop gets no more");
        RUN(bytes_that_come_faster_than_they_are_read_keep_nothing_waiting,
            "bytes that come faster than they are read keep nothing waiting");
        RUN(a_cancelled_transfer_is_never_heard_of_again,
            "a cancelled transfer is never heard of again");
        RUN(a_transfer_may_be_cancelled_from_the_callbacks_of_another,
            "a transfer may be cancelled from the callbacks of another");
        RUN(transfers_run_at_once_up_to_the_number_allowed,
            "transfers run at once, up to the number allowed");
        RUN(transfers_may_be_started_from_the_callbacks_of_another,
            "transfers may be started from the callbacks of another");
        RUN(nothing_is_left_of_transfers_that_were_never_finished,
            "nothing is left of transfers that were never finished");
        return tap_end();
}
