#include "wire/http_loop.h"
#include "base/mem.h"
#include "wire/http.h"

#include <sys/epoll.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

/* The default, 0, stands for 250 ms, which every page would wait. */
#define ACCURACY 1

struct http_socket {
        LIST_ENTRY(http_socket) link;
        curl_socket_t fd;
        sd_event_source *source;
};

struct http_loop {
        sd_event *event;
        sd_event_source *timer; /* curl has only one, */
        sd_event_source *soon;  /* which is mostly due at once */
        CURLM *multi;
        LIST_HEAD(, http_socket) sockets;
        bool busy;
        void (*woken)(void *ctx);
        void *ctx;
};

struct http_timer {
        sd_event_source *source; /* NULL: the loop has ended, and nothing fires any more */
        void (*fn)(void *ctx);
        void *ctx;
};

static struct http_socket *http_socket_free(struct http_socket *s)
{
        if (!s)
                return NULL;
        LIST_REMOVE(s, link);
        sd_event_source_disable_unref(s->source);
        free(s);
        return NULL;
}

static struct http_socket *http_socket_find(struct http_loop *l, curl_socket_t fd)
{
        struct http_socket *s;

        LIST_FOREACH(s, &l->sockets, link)
        {
                if (s->fd == fd)
                        return s;
        }
        return NULL;
}

static void drive(struct http_loop *l, curl_socket_t fd, int mask)
{
        int running;

        l->busy = true;
        curl_multi_socket_action(l->multi, fd, mask, &running);
        l->busy = false;
        l->woken(l->ctx);
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
        int mask = 0;

        (void)source;
        /* curl learns errors, too, by reading and writing; then it can say which. */
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                mask |= CURL_CSELECT_IN;
        if (events & (EPOLLOUT | EPOLLERR))
                mask |= CURL_CSELECT_OUT;
        drive(ctx, fd, mask);
        return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *ctx)
{
        (void)source, (void)usec;
        drive(ctx, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

static int on_soon(sd_event_source *source, void *ctx)
{
        (void)source;
        drive(ctx, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socketp)
{
        struct http_loop *l = ctx;
        struct http_socket *s = http_socket_find(l, fd);
        uint32_t events = 0;

        (void)easy, (void)socketp;
        if (what == CURL_POLL_REMOVE) { /* comes for sockets too that were never announced */
                http_socket_free(s);
                return 0;
        }
        if (what & CURL_POLL_IN)
                events |= EPOLLIN;
        if (what & CURL_POLL_OUT)
                events |= EPOLLOUT;
        if (s)
                return sd_event_source_set_io_events(s->source, events) < 0 ? -1 : 0;

        s = mem_new(sizeof(*s));
        s->fd = fd;
        LIST_INSERT_HEAD(&l->sockets, s, link);
        if (sd_event_add_io(l->event, &s->source, fd, events, on_ready, l) < 0) {
                http_socket_free(s);
                return -1;
        }
        return 0;
}

/* Not every socket that curl closes gets its CURL_POLL_REMOVE first; its number may come back
 * before the event loop would notice. */
static int on_close(void *ctx, curl_socket_t fd)
{
        http_socket_free(http_socket_find(ctx, fd));
        return close(fd);
}

static int on_timer(CURLM *multi, long msec, void *ctx)
{
        struct http_loop *l = ctx;
        uint64_t now = 0, set = 0, at;
        int enabled = SD_EVENT_OFF;

        (void)multi;
        sd_event_source_set_enabled(l->soon, msec == 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        if (msec <= 0)
                return 0;
        /* To move a timer costs more than all else here, and curl moves its own with every page,
         * mostly on. One that stands for an earlier moment stays there; when it fires, and nothing
         * is due, curl asks again. (By the clock of the loop's last wake, it may be early, too.) */
        sd_event_now(l->event, CLOCK_MONOTONIC, &now);
        at = now + (uint64_t)msec * 1000;
        sd_event_source_get_enabled(l->timer, &enabled);
        sd_event_source_get_time(l->timer, &set);
        if (enabled != SD_EVENT_OFF && set <= at)
                return 0;
        sd_event_source_set_time(l->timer, at);
        sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
        return 0;
}

int http_loop_new(struct sd_event *event, void (*woken)(void *ctx), void *ctx,
                  struct http_loop **ret, struct err *e)
{
        struct http_loop *l = mem_new(sizeof(*l));
        int r;

        l->woken = woken;
        l->ctx = ctx;
        l->event = sd_event_ref(event);
        LIST_INIT(&l->sockets);
        r = sd_event_add_time(event, &l->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_time, l);
        if (r >= 0)
                r = sd_event_add_defer(event, &l->soon, on_soon, l);
        /* Behind all others: sd-event takes the source first that has waited longest, and counts
         * a deferred one's wait from its making. While bytes come faster than they are read, curl
         * wants to be called again at once, each time. */
        if (r >= 0)
                r = sd_event_source_set_priority(l->soon, SD_EVENT_PRIORITY_NORMAL + 1);
        if (r < 0) {
                err_sys(e, -r, "cannot add a timer to the event loop");
                http_loop_free(l);
                return -1;
        }
        sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
        sd_event_source_set_enabled(l->soon, SD_EVENT_OFF);

        l->multi = curl_multi_init();
        if (!l->multi) {
                http_loop_free(l);
                return err_set(e, ERR_HOST, "cannot start libcurl");
        }
        curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
        curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer);
        curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
        *ret = l;
        return 0;
}

struct http_loop *http_loop_free(struct http_loop *l)
{
        if (!l)
                return NULL;
        if (l->multi)
                curl_multi_cleanup(l->multi); /* closes sockets, and still calls back */
        while (!LIST_EMPTY(&l->sockets))
                http_socket_free(LIST_FIRST(&l->sockets)); /* NOLINT: it leaves the list there */
        sd_event_source_disable_unref(l->timer);
        sd_event_source_disable_unref(l->soon);
        sd_event_unref(l->event);
        free(l);
        return NULL;
}

CURLM *http_loop_multi(struct http_loop *l)
{
        return l->multi;
}

bool http_loop_busy(const struct http_loop *l)
{
        return l->busy;
}

void http_loop_kick(struct http_loop *l)
{
        on_timer(l->multi, 0, l);
}

CURLcode http_loop_adopt(struct http_loop *l, CURL *easy)
{
        CURLcode code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);

        return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, l);
}

static int on_http_soon(sd_event_source *source, void *ctx)
{
        struct http_timer *t = ctx;
        void (*fn)(void *ctx) = t->fn;

        (void)source;
        ctx = t->ctx;
        http_timer_stop(t);
        fn(ctx);
        return 0;
}

static int on_http_timer(sd_event_source *source, uint64_t usec, void *ctx)
{
        (void)usec;
        return on_http_soon(source, ctx);
}

struct http_timer *http_loop_timer(struct http_loop *l, usec_t delay, void (*fn)(void *ctx),
                                   void *ctx)
{
        struct http_timer *t = mem_new(sizeof(*t));
        struct timespec now;
        uint64_t at;

        t->fn = fn;
        t->ctx = ctx;
        if (delay <= 0) { /* as every request begins: without the kernel's timer */
                sd_event_add_defer(l->event, &t->source, on_http_soon, t);
                return t;
        }
        /* Not by the loop's clock, which stands since its last wake: the delay would be short. */
        clock_gettime(CLOCK_BOOTTIME, &now);
        at = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
        at += (uint64_t)delay;
        sd_event_add_time(l->event, &t->source, CLOCK_BOOTTIME, at, ACCURACY, on_http_timer, t);
        return t;
}

struct http_timer *http_timer_stop(struct http_timer *t)
{
        if (!t)
                return NULL;
        sd_event_source_disable_unref(t->source);
        free(t);
        return NULL;
}
