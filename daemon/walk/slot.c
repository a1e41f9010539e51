#include "base/mem.h"
#include "walk/patience.h"
#include "walk/presence.h"
#include "walk/prompts_core.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

#define REDO 3 /* a sink's word: this page cannot be asked for alone */

static void slot_ask(struct slot *s);

void slot_stop(struct slot *s)
{
        if (s->phase == SLOT_FREE)
                return;
        s->call = api_cancel(s->call);
        s->timer = http_timer_stop(s->timer);
        s->spool = spool_free(s->spool);
        s->phase = SLOT_FREE;
        s->prompts->active--;
}

/* ---- a completion's end ---- */

static void slot_release(struct slot *s)
{
        struct prompts *p = s->prompts;

        slot_stop(s);
        prompts_fill(p);
}

static void slot_fail(struct slot *s, const struct err *err)
{
        struct prompts *p = s->prompts;

        if (!p->result.failed && !p->result.stopped) {
                p->result.err = *err;
                err_wrap(&p->result.err, "messages of %s", s->id);
        }
        p->result.failed++;
        if (p->config.patience)
                patience_put_off(p->config.patience, s->id, clock_boot(p->clock));
        if (++p->streak >= PROMPTS_FAILURES_MAX)
                return prompts_stop(p, &p->result.err);
        slot_release(s);
}

static int put_change(struct slot *s, const char *type, usec_t now, struct err *e)
{
        struct prompts *p = s->prompts;
        _cleanup_buf_ struct buf b = BUF_INIT;
        char observed[CLOCK_TEXT_MAX];

        buf_printf(&b, "{\"type\":\"%s\",\"id\":", type);
        buf_json_str(&b, s->id);
        buf_printf(&b, ",\"observed_at\":\"%s\"}", clock_rfc3339(now, observed));
        spool_reset(s->spool);
        if (spool_add(s->spool, b.p, b.n, e) != 0 || spool_end_line(s->spool, e) != 0)
                return -1;
        return archive_append(p->archive, STREAM_CHANGES, s->spool, "", now, e);
}

/* Everything that is known of a completion's messages goes into one commit. */
static void slot_settle(struct slot *s, enum catalog_messages state, const char *request_id)
{
        struct prompts *p = s->prompts;
        usec_t now = clock_wall(p->clock);
        struct catalog_record known;
        struct err err;
        int r = catalog_find(archive_catalog(p->archive), s->id, strlen(s->id), &known, &err);

        if (r < 0)
                return prompts_stop_undone(p, &err);
        /* An undo has taken the completion away: when it comes again, so do its messages. */
        if (r == CATALOG_NONE || known.messages != CATALOG_WANTED)
                return slot_release(s);
        if (state == CATALOG_ARCHIVED)
                r = archive_append(p->archive, STREAM_MESSAGES, s->spool, request_id, now, &err);
        else
                r = put_change(s, state == CATALOG_EMPTY ? "messages-none" : "messages-missing",
                               now, &err);
        if (r < 0 || catalog_set_messages(archive_catalog(p->archive), s->id, strlen(s->id), state,
                                          &err) < 0)
                return prompts_stop_undone(p, &err);
        if (archive_keep_up(p->archive, false, now, &err) < 0)
                return prompts_stop(p, &err);
        if (p->config.patience)
                patience_forget(p->config.patience, s->id);
        p->outages = p->streak = 0;
        p->result.done++;
        p->result.missing += state == CATALOG_MISSING;
        if (p->ops.progress)
                p->ops.progress(p->ops.ctx, p->result.done);
        slot_release(s);
}

/* ---- messages as they come ---- */

static void on_restart(void *ctx, bool doubtful)
{
        struct slot *s = ctx;

        (void)doubtful; /* what came of an attempt that failed goes in any case */
        s->redo = !spool_cut(s->spool, s->records, s->bytes);
}

static int on_begin(void *ctx, struct err *e)
{
        struct slot *s = ctx;

        (void)e;
        s->at_start = true;
        return s->redo ? REDO : 0;
}

static int on_bytes(void *ctx, const char *bytes, size_t n, struct err *e)
{
        struct slot *s = ctx;
        int r;

        if (s->at_start) { /* the opening brace is part of the prefix */
                s->at_start = false;
                r = spool_add(s->spool, s->prefix.p, s->prefix.n, e);
                if (r != 0)
                        return r;
                bytes++;
                n--;
        }
        return spool_add(s->spool, bytes, n, e);
}

static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct slot *s = ctx;

        memcpy(s->last, record->id, record->id_length + 1);
        return spool_end_line(s->spool, e);
}

/* ---- answers ---- */

static void slot_start_over(struct slot *s)
{
        spool_reset(s->spool);
        s->records = s->bytes = s->pages = s->mark_at = 0;
        s->after[0] = s->mark[0] = '\0';
        slot_ask(s);
}

static void on_page(struct slot *s, const struct api_reply *reply)
{
        struct err err;

        if (!reply->page.has_more)
                return slot_settle(s, spool_records(s->spool) ? CATALOG_ARCHIVED : CATALOG_EMPTY,
                                   reply->request_id);
        if (strcmp(s->last, s->after) == 0 || strcmp(s->last, s->mark) == 0) {
                err_set(&err, ERR_SOURCE, "the server gives the same cursor again");
                return slot_fail(s, &err);
        }
        if (++s->pages >= s->mark_at) { /* Brent's, as for the list */
                memcpy(s->mark, s->last, sizeof(s->mark));
                s->mark_at = 2 * s->pages;
        }
        memcpy(s->after, s->last, sizeof(s->after));
        s->records = spool_records(s->spool);
        s->bytes = spool_bytes(s->spool);
        slot_ask(s);
}

static void on_wait_over(void *ctx)
{
        struct slot *s = ctx;

        s->timer = NULL;
        if (s->phase == SLOT_BUSY && archive_spool_place(s->prompts->archive)->giant)
                s->timer = http_timer_start(s->prompts->http, SPOOL_BUSY_WAIT, on_wait_over, s);
        else
                slot_start_over(s);
}

static void slot_wait(struct slot *s, enum slot_phase phase, usec_t delay)
{
        spool_reset(s->spool);
        s->phase = phase;
        s->timer = http_timer_start(s->prompts->http, delay, on_wait_over, s);
}

/* What ends a completion's turn, or everybody's. */
static void on_trouble(struct slot *s, const struct api_reply *reply)
{
        struct prompts *p = s->prompts;

        /* The list was granted: this is about this completion. */
        if (reply->outcome == API_DENIED && reply->status == 403)
                return slot_fail(s, &reply->err);
        switch (reply->outcome) {
        case API_DENIED:
        case API_STRANGER:
        case API_LIMITED:
                p->result.announced = reply->announced;
                p->result.status = reply->status;
                snprintf(p->result.request_id, sizeof(p->result.request_id), "%s",
                         reply->request_id);
                p->result.denied = reply->outcome != API_LIMITED;
                p->result.limited = reply->outcome == API_LIMITED;
                return prompts_stop(p, &reply->err);
        case API_OUTAGE:
                if (++p->outages >= PROMPTS_OUTAGES_MAX)
                        return prompts_stop(p, &reply->err);
                return slot_fail(s, &reply->err);
        default:
                return slot_fail(s, &reply->err);
        }
}

/* The completion is there, its messages are not: another run asks for them again. */
static void slot_later(struct slot *s, usec_t now)
{
        struct prompts *p = s->prompts;

        switch (patience_ask(p->config.patience, s->id, now)) {
        case PATIENCE_OVER:
                return slot_settle(s, CATALOG_MISSING, "");
        case PATIENCE_FULL:
                p->exhausted = true;
                break;
        case PATIENCE_WAIT:
                break;
        }
        p->result.later++;
        slot_release(s);
}

static void slot_missing(struct slot *s, bool there)
{
        struct prompts *p = s->prompts;
        usec_t now = clock_boot(p->clock);
        struct err err;

        if (!there)
                return slot_settle(s, CATALOG_MISSING, "");
        if (p->config.patience)
                return slot_later(s, now);
        if (s->since == 0)
                s->since = now;
        if (now - s->since < p->config.wait)
                return slot_wait(s, SLOT_WAIT, PROMPTS_ASK_AGAIN);
        err_set(&err, ERR_SOURCE, "the server has the completion but not its messages (404)");
        slot_fail(s, &err);
}

static void on_settled(void *ctx, const struct api_reply *reply)
{
        struct slot *s = ctx;

        s->call = NULL;
        if (reply->outcome == API_OK || reply->outcome == API_MISSING)
                return slot_missing(s, reply->outcome == API_OK);
        on_trouble(s, reply);
}

static void on_reply(void *ctx, const struct api_reply *reply)
{
        struct slot *s = ctx;

        s->call = NULL;
        if (reply->outcome == API_OK)
                return on_page(s, reply);
        if (reply->outcome == API_MISSING) {
                s->phase = SLOT_SETTLE;
                s->call = presence_ask(s->prompts->api, s->id, PROMPTS_PATIENCE, on_settled, s);
                return;
        }
        if (reply->outcome != API_STOPPED)
                return on_trouble(s, reply);
        if (reply->sink == SPOOL_BUSY)
                return slot_wait(s, SLOT_BUSY, SPOOL_BUSY_WAIT);
        if (reply->sink == REDO && s->restarts++ < PROMPTS_RESTARTS_MAX)
                return slot_start_over(s);
        if (reply->sink == REDO)
                return slot_fail(s, &reply->err);
        prompts_stop_undone(s->prompts, &reply->err);
}

static void slot_ask(struct slot *s)
{
        struct api_call_ops ops = { on_restart, on_reply, { on_begin, on_bytes, on_end, s }, s };
        struct api_query query = { .kind = PAGE_MESSAGES,
                                   .id = s->id,
                                   .order = API_ASC,
                                   .limit = PROMPTS_PAGE_SIZE,
                                   .patience = PROMPTS_PATIENCE };

        s->phase = SLOT_LIST;
        query.after = *s->after ? s->after : NULL;
        s->call = api_start(s->prompts->api, &query, &ops);
}

void slot_start(struct slot *s, const char *id)
{
        struct prompts *p = s->prompts;
        struct buf prefix = s->prefix;

        *s = (struct slot){ .prompts = p, .prefix = prefix };
        memcpy(s->id, id, sizeof(s->id));
        buf_clear(&s->prefix);
        buf_puts(&s->prefix, "{\"completion_id\":");
        buf_json_str(&s->prefix, id);
        buf_putc(&s->prefix, ',');
        s->spool = spool_new(archive_spool_place(p->archive));
        p->active++;
        slot_ask(s);
}
