#include "wire/http.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/http_head.h"
#include "wire/http_loop.h"
#include "wire/http_url.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <unistd.h>

#define HTTP_BUFFER 65536L /* bytes that curl reads at once: a quarter of its default's calls */

enum http_state {
        HTTP_WAITING, /* for a place among connections_max */
        HTTP_FLYING,  /* in curl's hands */
        HTTP_FAILED,  /* curl did not take it; done() is due */
        HTTP_DEAD,    /* cancelled while curl was on the stack: to be freed when it is not */
};

struct http_transfer {
        TAILQ_ENTRY(http_transfer) link;
        struct http *http;
        enum http_state state;
        CURL *easy;
        struct curl_slist *headers;
        struct http_request request; /* its url and headers are not used after the start */
        struct http_head head;
        bool has_head; /* the final one: what comes now are trailers */
        bool has_body;
        bool aborted;
        size_t header_bytes;
        char error[CURL_ERROR_SIZE];
};

struct http {
        struct http_loop *loop;
        CURLM *multi;
        char *ca_file, *proxy, *user_agent;
        bool allow_http;
        unsigned connections_max;
        TAILQ_HEAD(, http_transfer) transfers; /* in the order of their start */
        unsigned flying;
};

static struct http_transfer *http_transfer_free(struct http_transfer *t)
{
        struct http *h = t->http;

        if (t->state == HTTP_FLYING || t->state == HTTP_DEAD) {
                t->state = HTTP_DEAD; /* should curl call back */
                curl_multi_remove_handle(h->multi, t->easy);
                h->flying--;
        }
        TAILQ_REMOVE(&h->transfers, t, link);
        curl_easy_cleanup(t->easy);
        for (struct curl_slist *s = t->headers; s; s = s->next)
                explicit_bzero(s->data, strlen(s->data));
        curl_slist_free_all(t->headers);
        free(t);
        return NULL;
}

static void problem_of(const struct http_transfer *t, CURLcode code, char *out, size_t room)
{
        const char *text = curl_easy_strerror(code);

        if (code == CURLE_OK)
                text = t->has_head ? "" : "the response's head was cut";
        else if (t->aborted)
                text = "stopped by its reader";
        else if (t->header_bytes > HTTP_HEADER_MAX)
                text = "the response's head is too long";
        else if (*t->error && !strchr(t->error, '@')) /* with an @: a proxy's user and password */
                text = t->error;
        text_line(text, strlen(text), out, room);
}

static void http_transfer_finish(struct http_transfer *t, CURLcode code)
{
        struct http_request request = t->request;
        struct http_head head = { 0 };
        struct http_result result = { .aborted = t->aborted };
        char problem[CURL_ERROR_SIZE];
        curl_off_t bytes = 0;

        curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
        result.bytes_in = (uint64_t)bytes;
        /* curl minds no head that ends with the connection, after its first line. */
        result.complete = code == CURLE_OK && t->has_head;
        result.trust = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
                       code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS;
        problem_of(t, code, problem, sizeof(problem));
        result.problem = problem;
        if (t->has_head)
                head = t->head;
        http_transfer_free(t);
        request.done(request.ctx, &head, &result);
}

/* Give curl what waits, as far as there is room. Counted here and not by curl, because curl 8
 * takes the time in its own queue for time spent on connecting. */
static void http_pump(struct http *h)
{
        struct http_transfer *t;

        TAILQ_FOREACH(t, &h->transfers, link)
        {
                if (h->flying >= h->connections_max)
                        return;
                if (t->state != HTTP_WAITING)
                        continue;
                if (curl_multi_add_handle(h->multi, t->easy) == CURLM_OK) {
                        t->state = HTTP_FLYING;
                        h->flying++;
                } else {
                        t->state = HTTP_FAILED;
                        http_loop_kick(h->loop);
                }
        }
}

static struct http_transfer *http_find(struct http *h, enum http_state state)
{
        struct http_transfer *t;

        TAILQ_FOREACH(t, &h->transfers, link)
        {
                if (t->state == state)
                        return t;
        }
        return NULL;
}

/* The callbacks may start and cancel transfers, so each round looks anew. */
static void on_woken(void *ctx)
{
        struct http *h = ctx;
        struct http_transfer *t;
        CURLMsg *m;
        int left;

        while ((t = http_find(h, HTTP_DEAD)))
                http_transfer_free(t);
        while ((m = curl_multi_info_read(h->multi, &left))) {
                CURLcode code = m->data.result;

                if (m->msg == CURLMSG_DONE &&
                    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK)
                        http_transfer_finish(t, code);
        }
        while ((t = http_find(h, HTTP_FAILED)))
                http_transfer_finish(t, CURLE_FAILED_INIT);
        http_pump(h);
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
        struct http_transfer *t = ctx;
        long status = 0;

        n *= size;
        t->header_bytes += n;
        if (t->state == HTTP_DEAD || t->header_bytes > HTTP_HEADER_MAX)
                return CURL_WRITEFUNC_ERROR;

        /* A request that curl repeats on a new connection has a new head. */
        if (!t->has_body && n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
                t->head = (struct http_head){ 0 };
                t->has_head = false;
        } else if (!t->has_head && *line != '\r' && *line != '\n') {
                http_head_line(&t->head, line, n);
        } else if (!t->has_head) {
                curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
                t->has_head = status >= 200; /* after a 1xx, another follows */
                t->head.status = (int)status;
        }
        return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
        struct http_transfer *t = ctx;

        n *= size;
        if (t->state == HTTP_DEAD || t->aborted)
                return CURL_WRITEFUNC_ERROR;
        t->has_body = t->has_body || n > 0;
        if (n > 0 && t->request.body(t->request.ctx, &t->head, p, n) != 0) {
                t->aborted = true;
                return CURL_WRITEFUNC_ERROR;
        }
        return n;
}

int http_new(struct sd_event *event, const struct http_config *config, struct http **ret,
             struct err *e)
{
        struct http *h;

        if (config->ca_file && access(config->ca_file, R_OK) < 0)
                return err_set(e, ERR_CONFIG, "cannot read %s: %s", config->ca_file,
                               strerror(errno));
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return err_set(e, ERR_HOST, "cannot start libcurl");

        h = mem_new(sizeof(*h));
        TAILQ_INIT(&h->transfers);
        if (http_loop_new(event, on_woken, h, &h->loop, e) < 0) {
                http_free(h);
                return -1;
        }
        h->multi = http_loop_multi(h->loop);
        h->ca_file = config->ca_file ? mem_strdup(config->ca_file) : NULL;
        h->proxy = config->proxy ? mem_strdup(config->proxy) : NULL;
        h->user_agent = mem_strdup(config->user_agent);
        h->allow_http = config->allow_http;
        h->connections_max = config->connections_max ? config->connections_max : 1;
        curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->connections_max);
        curl_multi_setopt(h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)h->connections_max);
        *ret = h;
        return 0;
}

struct http *http_free(struct http *h)
{
        if (!h)
                return NULL;
        while (!TAILQ_EMPTY(&h->transfers))
                http_transfer_free(TAILQ_FIRST(&h->transfers));
        http_loop_free(h->loop);
        mem_free_secret(h->proxy); /* it may hold a password */
        free(h->ca_file);
        free(h->user_agent);
        free(h);
        curl_global_cleanup();
        return NULL;
}

/* The first refusal ends it. */
#define SET(option, ...)                                                              \
        do {                                                                          \
                if (code == CURLE_OK)                                                 \
                        code = curl_easy_setopt(easy, CURLOPT_##option, __VA_ARGS__); \
        } while (0)

static CURLcode set_where(struct http *h, CURL *easy, const char *url, const struct http_url *parts)
{
        CURLcode code = CURLE_OK;

        SET(URL, url);
        SET(PATH_AS_IS, 1L); /* an id of dots is no way up */
        SET(PROTOCOLS_STR, parts->https ? "https" : "http");
        /* Only TLS says early whether a connection can be shared; without, all others would wait
         * for the end of the first answer. */
        SET(PIPEWAIT, parts->https ? 1L : 0L);
        SET(FOLLOWLOCATION, 0L);
        SET(DISALLOW_USERNAME_IN_URL, 1L);
        SET(NETRC, (long)CURL_NETRC_IGNORED);
        if (parts->loopback)
                SET(PROXY, "");
        else if (h->proxy)
                SET(PROXY, h->proxy);
        /* A tunnel for http, too: the headers are for the server. */
        SET(HTTPPROXYTUNNEL, 1L);
        SET(HEADEROPT, (long)CURLHEADER_SEPARATE);
        SET(SUPPRESS_CONNECT_HEADERS, 1L);
        SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (h->ca_file) {
                SET(CAINFO, h->ca_file);
                SET(CAPATH, NULL); /* else the system's would do as well */
        }
        return code;
}

static CURLcode set_how(struct http *h, CURL *easy)
{
        CURLcode code = http_loop_adopt(h->loop, easy);

        SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(HTTP09_ALLOWED, 0L);
        SET(ACCEPT_ENCODING, "gzip");
        SET(USERAGENT, h->user_agent);
        SET(BUFFERSIZE, HTTP_BUFFER);
        SET(TCP_NODELAY, 1L);
        SET(NOSIGNAL, 1L);
        SET(QUICK_EXIT, 1L); /* else a cancel waits for the resolver's thread */
        SET(CONNECTTIMEOUT, (long)HTTP_CONNECT_TIMEOUT);
        SET(LOW_SPEED_TIME, (long)HTTP_STALL_TIME);
        SET(LOW_SPEED_LIMIT, (long)HTTP_STALL_SPEED);
        return code;
}

static CURLcode set_up(struct http_transfer *t, const struct http_request *request,
                       const struct http_url *parts)
{
        CURL *easy = t->easy;
        CURLcode code = set_where(t->http, easy, request->url, parts);

        if (code == CURLE_OK)
                code = set_how(t->http, easy);
        for (const char *const *s = request->headers; s && *s; s++) {
                struct curl_slist *list = curl_slist_append(t->headers, *s);

                if (!list)
                        abort();
                t->headers = list;
        }
        SET(HTTPHEADER, t->headers);
        SET(HEADERFUNCTION, on_header);
        SET(HEADERDATA, t);
        SET(WRITEFUNCTION, on_body);
        SET(WRITEDATA, t);
        SET(ERRORBUFFER, t->error);
        SET(PRIVATE, t);
        return code;
}

int http_start(struct http *h, const struct http_request *request, struct http_transfer **ret,
               struct err *e)
{
        struct http_transfer *t;
        struct http_url parts;
        CURLcode code;

        if (http_url_inspect(request->url, h->allow_http, &parts, e) < 0)
                return err_wrap(e, "cannot ask for the URL");
        for (const char *const *s = request->headers; s && *s; s++)
                if (strpbrk(*s, "\r\n"))
                        return err_set(e, ERR_CONFIG, "a header field has a line break");

        t = mem_new(sizeof(*t));
        t->http = h;
        t->request = *request;
        t->easy = curl_easy_init();
        TAILQ_INSERT_TAIL(&h->transfers, t, link);
        code = t->easy ? set_up(t, request, &parts) : CURLE_OUT_OF_MEMORY;
        t->request.url = NULL;
        t->request.headers = NULL;
        if (code != CURLE_OK) {
                http_transfer_free(t);
                return err_set(e, ERR_BUG, "libcurl refuses an option: %s",
                               curl_easy_strerror(code));
        }
        if (!http_loop_busy(h->loop))
                http_pump(h);
        *ret = t;
        return 0;
}

struct http_transfer *http_cancel(struct http_transfer *t)
{
        struct http *h = t ? t->http : NULL;

        if (!t)
                return NULL;
        if (http_loop_busy(h->loop) && t->state == HTTP_FLYING) {
                t->state = HTTP_DEAD;
                return NULL;
        }
        http_transfer_free(t);
        if (!http_loop_busy(h->loop))
                http_pump(h); /* its place is free */
        return NULL;
}

struct http_timer *http_timer_start(struct http *h, usec_t delay, void (*fn)(void *ctx), void *ctx)
{
        return http_loop_timer(h->loop, delay, fn, ctx);
}
