#include "wire/api_attempt.h"
#include "base/buf.h"
#include "base/mem.h"
#include "wire/redact.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 256 /* bytes of an error body's message: leaves room for cause and remedy */

struct api_attempt {
        struct page_sink sink;
        struct page *page;
        const char *key;
        uint64_t *signs;
        void (*done)(void *ctx, const struct api_attempt_result *result);
        void *ctx;

        char project[HTTP_FIELD_MAX]; /* "": any */
        struct http_transfer *transfer;
        bool feeding;
        bool coded; /* what was fed: it came compressed, and its checksum is yet to come */
        int fed;    /* what page_feed returned, .err with it */
        int sunk;   /* what the sink returned, where that was not 0 */
        struct err err;
        struct buf error_body; /* of other statuses than 200 */
};

/* The sink's own word is kept apart from the page's: both may be negative. */
static int sink_begin(void *ctx, struct err *e)
{
        struct api_attempt *t = ctx;

        return t->sunk = t->sink.begin(t->sink.ctx, e);
}

static int sink_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct api_attempt *t = ctx;

        return t->sunk = t->sink.bytes(t->sink.ctx, p, n, e);
}

static int sink_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct api_attempt *t = ctx;

        return t->sunk = t->sink.end(t->sink.ctx, record, e);
}

struct api_attempt *
api_attempt_new(enum page_kind kind, const struct page_sink *sink, const char *key, uint64_t *signs,
                void (*done)(void *ctx, const struct api_attempt_result *result), void *ctx)
{
        struct api_attempt *t = mem_new(sizeof(*t));
        struct page_sink own = {
                .begin = sink_begin, .bytes = sink_bytes, .end = sink_end, .ctx = t
        };

        t->sink = *sink;
        t->page = page_new(kind, &own);
        t->key = key;
        t->signs = signs;
        t->done = done;
        t->ctx = ctx;
        return t;
}

struct api_attempt *api_attempt_free(struct api_attempt *t)
{
        if (!t)
                return NULL;
        assert(!t->feeding);
        http_cancel(t->transfer);
        page_free(t->page);
        if (t->error_body.p)
                explicit_bzero(t->error_body.p, t->error_body.room); /* it may echo the key */
        buf_done(&t->error_body);
        free(t);
        return NULL;
}

void api_attempt_expect(struct api_attempt *t, const char *project)
{
        snprintf(t->project, sizeof(t->project), "%s", project ? project : "");
}

/* What is known of an archive's project came out of a reply, redacted. */
static bool is_stranger(const struct api_attempt *t, const struct http_head *head)
{
        char project[HTTP_FIELD_MAX];

        if (!*t->project || !*head->project || (head->status != 200 && head->status != 404) ||
            strcmp(t->project, head->project) == 0)
                return false;
        redact_line(head->project, strlen(head->project), t->key, project, sizeof(project));
        return strcmp(t->project, project) != 0;
}

bool api_attempt_is_doubtful(const struct api_attempt *t)
{
        return t->transfer && t->coded;
}

static int on_body(void *ctx, const struct http_head *head, const char *p, size_t n)
{
        struct api_attempt *t = ctx;
        size_t room = API_ERROR_BODY_MAX - t->error_body.n;

        (*t->signs)++;
        if (is_stranger(t, head))
                return 1;
        if (head->status != 200) {
                buf_add(&t->error_body, p, n < room ? n : room);
                return n > room ? 1 : 0; /* an error without end is not waited for */
        }
        t->coded = head->coded;
        t->feeding = true;
        t->fed = page_feed(t->page, p, n, &t->err);
        t->feeding = false;
        return t->fed;
}

/* The page or the sink has said no. */
static void refused(struct api_attempt *t, struct api_attempt_result *r)
{
        r->ended = true;
        r->outcome = t->sunk ? API_STOPPED : API_MALFORMED;
        r->sink = t->sunk;
        r->err = t->err;
        if (r->err.kind == ERR_NONE)
                err_set(&r->err, ERR_AGAIN, "stopped by its reader");
}

/* The whole of a 200 has come. */
static void judge_page(struct api_attempt *t, struct api_attempt_result *r)
{
        struct page_result page = { 0 };
        int rc;

        t->feeding = true;
        rc = page_end(t->page, &page, &t->err);
        t->feeding = false;
        if (t->sunk || (rc != 0 && rc != PAGE_CUT)) {
                refused(t, r);
        } else if (rc == PAGE_CUT) {
                r->ending.cut = true;
        } else if (page.records == 0 && page.has_more) {
                r->ending.empty = true;
        } else {
                r->ended = true;
                r->outcome = API_OK;
                r->page = page;
        }
}

static void on_done(void *ctx, const struct http_head *head, const struct http_result *result)
{
        struct api_attempt *t = ctx;
        struct api_attempt_result r = {
                .ending = { .status = head->status,
                            .trust = result->trust,
                            .problem = result->problem,
                            .location = head->location },
                .head = head,
                .bytes_in = result->bytes_in,
        };
        char message[MESSAGE_MAX];

        t->transfer = NULL;
        if (is_stranger(t, head)) {
                r.ended = true;
                r.outcome = API_STRANGER;
                err_set(&r.err, ERR_SOURCE,
                        "this key belongs to the project %s, and the archive is of the project %s; "
                        "use another directory, or a key of the archive's project",
                        head->project, t->project);
        } else if (t->fed) {
                refused(t, &r);
        } else if (head->status == 200 && result->complete) {
                judge_page(t, &r);
        } else if (head->status == 200) {
                r.ending.cut = true;
        } else {
                api_read_error(buf_str(&t->error_body), t->error_body.n, t->key, message,
                               sizeof(message), &r.ending.quota);
                r.ending.message = message;
        }
        t->done(t->ctx, &r);
}

int api_attempt_start(struct api_attempt *t, struct http *http, const char *url,
                      const char *const *headers, struct err *e)
{
        struct http_request request = {
                .url = url, .headers = headers, .body = on_body, .done = on_done, .ctx = t
        };

        page_reset(t->page);
        buf_clear(&t->error_body);
        t->fed = t->sunk = 0;
        t->coded = false;
        t->err = (struct err){ 0 };
        return http_start(http, &request, &t->transfer, e);
}
