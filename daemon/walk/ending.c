/* How a walk ends: its line in the ledger, and what its owner is told. */
#include "walk/walk_core.h"
#include "wire/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void put_seconds(struct buf *b, const char *key, int64_t seconds)
{
        if (seconds)
                buf_printf(b, ",\"%s\":%lld", key, (long long)seconds);
        else
                buf_printf(b, ",\"%s\":null", key);
}

static void put_scope(struct walk *w, struct buf *b)
{
        char hex[SHA256_HEX_SIZE];

        sha256_hex(w->scope, hex);
        buf_printf(b, ",\"filter\":%s,\"scope\":\"%s\"", buf_str(&w->filter), hex);
}

void walk_put_begin(struct walk *w)
{
        const struct catalog_walk *row = archive_walk(w->archive);
        _cleanup_buf_ struct buf b = BUF_INIT;
        char started[CLOCK_TEXT_MAX];

        buf_printf(&b, "\"walk\":%llu,\"kind\":\"%s\",\"started\":\"%s\"",
                   (unsigned long long)row->number, row->full ? "full" : "new",
                   clock_rfc3339(row->started, started));
        put_seconds(&b, "watermark", row->watermark);
        buf_puts(&b, ",\"gaps\":");
        gap_list(w, &b);
        put_scope(w, &b);
        archive_set_begin(w->archive, buf_str(&b));
}

/* The line, and the row that says the same. */
static int put_line(struct walk *w, enum catalog_state state, const char *reason,
                    const char *detail, struct err *e)
{
        struct catalog_walk *row = archive_walk(w->archive);
        _cleanup_buf_ struct buf b = BUF_INIT;
        char started[CLOCK_TEXT_MAX];
        usec_t now = clock_wall(w->clock);

        row->state = state;
        row->ended = now;
        snprintf(row->reason, sizeof(row->reason), "%s", reason ? reason : "");
        snprintf(row->detail, sizeof(row->detail), "%s", detail ? detail : "");
        buf_printf(&b, "\"walk\":%llu,\"kind\":\"%s\",\"state\":\"%s\",\"reason\":",
                   (unsigned long long)row->number, row->full ? "full" : "new",
                   state == CATALOG_COMPLETE ? "complete" : "failed");
        buf_json_str(&b, reason);
        buf_puts(&b, ",\"detail\":");
        buf_json_str(&b, detail);
        buf_printf(&b, ",\"pages\":%llu,\"seen\":%llu,\"new\":%llu,\"changed\":%llu,\"gone\":%llu",
                   (unsigned long long)row->pages, (unsigned long long)row->seen,
                   (unsigned long long)row->new, (unsigned long long)row->changed,
                   (unsigned long long)row->gone);
        put_seconds(&b, "newest", row->newest);
        put_seconds(&b, "oldest", row->oldest);
        put_seconds(&b, "watermark", row->watermark);
        buf_printf(&b, ",\"started\":\"%s\",\"gaps\":", clock_rfc3339(row->started, started));
        gap_list(w, &b);
        put_scope(w, &b);
        if (catalog_put_walk(archive_catalog(w->archive), row, e) < 0) {
                archive_undo(w->archive);
                return -1;
        }
        return archive_line(w->archive, now, "walk", buf_str(&b), e);
}

static void finish(struct walk *w, struct walk_result *result)
{
        w->over = true;
        archive_set_begin(w->archive, NULL);
        for (size_t i = 0; i < WALK_HEADS; i++)
                head_stop(&w->heads[i]);
        w->starter = http_timer_stop(w->starter);
        w->ticker = http_timer_stop(w->ticker);
        w->sweep = sweep_free(w->sweep);
        result->walk = *archive_walk(w->archive);
        result->held = w->held;
        result->unsettled = w->unsettled;
        result->unstable = w->heads[0].intake && intake_found_unstable(w->heads[0].intake);
        w->ops.done(w->ops.ctx, result);
}

static const char *host_reason(const struct err *err)
{
        return err->errnum == ENOSPC || err->errnum == EDQUOT || err->errnum == EIO ||
                               err->errnum == EROFS || err->errnum == EFBIG
                       ? "disk"
                       : "host";
}

static void end_failed(struct walk *w, const char *reason, struct walk_result *result)
{
        struct err ignored;

        if (result->err.kind == ERR_HOST)
                reason = host_reason(&result->err);
        for (size_t i = 0; i < WALK_HEADS; i++)
                head_stop(&w->heads[i]);
        catalog_forget_notes(archive_catalog(w->archive), CATALOG_DESC, NULL);
        catalog_forget_notes(archive_catalog(w->archive), CATALOG_ASC, NULL);
        /* What could be read stays. If that cannot be written, it is undone, and the line alone may
         * still find room. */
        if (put_line(w, CATALOG_FAILED, reason, result->err.text, &ignored) < 0 &&
            !archive_is_stale(w->archive))
                put_line(w, CATALOG_FAILED, reason, result->err.text, &ignored);
        /* A line that could not be written has left its row without them. */
        snprintf(archive_walk(w->archive)->reason, sizeof(archive_walk(w->archive)->reason), "%s",
                 reason);
        finish(w, result);
}

void walk_fail(struct walk *w, const char *reason, const struct err *err)
{
        struct walk_result result = { .err = *err };

        if (err->kind == ERR_HOST) /* rows half put, or a transaction that is no more */
                archive_undo(w->archive);
        end_failed(w, reason, &result);
}

void walk_fail_reply(struct walk *w, const struct api_reply *reply)
{
        /* What has failed before is why the sink fails. */
        bool broken = w->broken && reply->outcome == API_STOPPED;
        struct walk_result result = { .err = broken ? w->why : reply->err,
                                      .announced = reply->announced,
                                      .status = reply->status };

        snprintf(result.request_id, sizeof(result.request_id), "%s", reply->request_id);
        result.stop = reply->outcome == API_DENIED || reply->outcome == API_LIMITED ||
                      reply->outcome == API_STRANGER ||
                      (reply->outcome == API_STOPPED && result.err.kind == ERR_HOST);
        /* A sink that failed left records half put: the catalog's rows and the frames with them. */
        if (reply->outcome == API_STOPPED)
                archive_undo(w->archive);
        end_failed(w, api_reason(reply), &result);
}

void walk_interrupt(struct walk *w)
{
        struct walk_result result = { .interrupted = true };

        /* Its pages are all there: what was missed is for a later one to settle. */
        if (w->sweep)
                return sweep_interrupt(w->sweep);
        err_set(&result.err, ERR_AGAIN, "interrupted");
        end_failed(w, "interrupted", &result);
}

void walk_complete(struct walk *w)
{
        struct walk_result result = { .complete = true };

        if (put_line(w, CATALOG_COMPLETE, NULL, NULL, &result.err) == 0)
                return finish(w, &result);
        result.complete = false;
        end_failed(w, "disk", &result);
}
