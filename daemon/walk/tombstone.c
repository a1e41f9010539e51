#include "walk/tombstone.h"

/* The line, and what the catalog makes of it. */
static int put_line(struct archive *a, struct spool *spool, const struct buf *line, int64_t row,
                    bool gone, const char *request_id, usec_t now, struct err *e)
{
        spool_reset(spool);
        if (spool_add(spool, line->p, line->n, e) != 0 || spool_end_line(spool, e) != 0 ||
            archive_append(a, STREAM_CHANGES, spool, request_id, now, e) < 0)
                return -1;
        spool_reset(spool);
        return catalog_set_gone(archive_catalog(a), row, gone, e) < 0
                       ? -1
                       : catalog_put_event(archive_catalog(a), row, e);
}

/* What both lines begin with. */
static void begin(struct buf *b, const char *type, const char *id, size_t n, usec_t now)
{
        char observed[CLOCK_TEXT_MAX];

        buf_printf(b, "{\"type\":\"%s\",\"id\":", type);
        buf_json(b, id, n);
        buf_printf(b, ",\"observed_at\":\"%s\"", clock_rfc3339(now, observed));
}

bool tombstone_is_expired(int64_t created, usec_t now)
{
        return created <= (now - TOMBSTONE_RETENTION) / USEC_PER_SEC;
}

int tombstone_put(struct archive *a, struct spool *spool, const char *id, size_t n,
                  const struct catalog_record *known, const char *request_id, usec_t now,
                  struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        char seen[CLOCK_TEXT_MAX];

        begin(&b, "gone", id, n, now);
        buf_printf(&b, ",\"created\":%lld,\"last_seen\":\"%s\",\"expired\":%s}",
                   (long long)known->created, clock_rfc3339(known->seen_at * USEC_PER_SEC, seen),
                   tombstone_is_expired(known->created, now) ? "true" : "false");
        return put_line(a, spool, &b, known->row, true, request_id, now, e);
}

int tombstone_lift(struct archive *a, struct spool *spool, const char *id, size_t n,
                   const struct catalog_record *known, const char *request_id, usec_t now,
                   struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        char seen[CLOCK_TEXT_MAX];

        begin(&b, "returned", id, n, now);
        buf_printf(&b, ",\"last_seen\":\"%s\"}",
                   clock_rfc3339(known->seen_at * USEC_PER_SEC, seen));
        return put_line(a, spool, &b, known->row, false, request_id, now, e);
}
