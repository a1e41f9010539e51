#include "walk/intake.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct intake {
        struct archive *archive;
        const struct clock *clock;
        void (*each)(void *ctx, const struct intake_record *record);
        void *ctx;
        struct spool *spool;
        struct spool *change;
        char request_id[ARCHIVE_REQUEST_ID_MAX];
};

struct intake *intake_new(struct archive *a, const struct clock *clock,
                          void (*each)(void *ctx, const struct intake_record *record), void *ctx)
{
        struct intake *i = mem_new(sizeof(*i));

        i->archive = a;
        i->clock = clock;
        i->each = each;
        i->ctx = ctx;
        i->spool = spool_new(archive_spool_place(a));
        i->change = spool_new(archive_spool_place(a));
        return i;
}

struct intake *intake_free(struct intake *i)
{
        if (!i)
                return NULL;
        spool_free(i->spool);
        spool_free(i->change);
        free(i);
        return NULL;
}

void intake_restart(struct intake *i)
{
        spool_reset(i->spool);
}

void intake_set_request_id(struct intake *i, const char *request_id)
{
        snprintf(i->request_id, sizeof(i->request_id), "%s", request_id);
}

static int on_begin(void *ctx, struct err *e)
{
        struct intake *i = ctx;

        (void)e;
        spool_reset(i->spool);
        return 0;
}

static int on_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct intake *i = ctx;

        return spool_add(i->spool, p, n, e);
}

/* {"type":"changed",…}: both digests, both times. */
static int put_changed(struct intake *i, const struct page_record *record,
                       const struct catalog_record *known, const uint8_t digest[static SHA256_SIZE],
                       usec_t now, struct err *e)
{
        char before[SHA256_HEX_SIZE], after[SHA256_HEX_SIZE], seen[CLOCK_TEXT_MAX],
                observed[CLOCK_TEXT_MAX];
        _cleanup_buf_ struct buf b = BUF_INIT;

        sha256_hex(known->digest, before);
        sha256_hex(digest, after);
        buf_puts(&b, "{\"type\":\"changed\",\"id\":");
        buf_json(&b, record->id, record->id_length);
        buf_printf(&b,
                   ",\"observed_at\":\"%s\",\"last_seen\":\"%s\",\"version\":%llu,"
                   "\"sha256_before\":\"%s\",\"sha256\":\"%s\"}",
                   clock_rfc3339(now, observed), clock_rfc3339(known->seen_at * USEC_PER_SEC, seen),
                   (unsigned long long)known->versions + 1, before, after);
        spool_reset(i->change);
        if (spool_add(i->change, b.p, b.n, e) != 0 || spool_end_line(i->change, e) != 0)
                return -1;
        return archive_append(i->archive, STREAM_CHANGES, i->change, i->request_id, now, e);
}

/* The record is new or differs: its bytes, then its row. */
static int take(struct intake *i, const struct page_record *record,
                const struct catalog_record *known, const uint8_t digest[static SHA256_SIZE],
                int64_t *ret_row, struct err *e)
{
        struct catalog *c = archive_catalog(i->archive);
        struct catalog_walk *walk = archive_walk(i->archive);
        usec_t now = clock_wall(i->clock);
        int r;

        r = spool_end_line(i->spool, e);
        if (r != 0)
                return r;
        if (archive_append(i->archive, STREAM_COMPLETIONS, i->spool, i->request_id, now, e) < 0)
                return -1;
        if (known) {
                *ret_row = known->row;
                walk->changed++;
                if (catalog_change(c, known->row, record->created, digest, e) < 0)
                        return -1;
                return put_changed(i, record, known, digest, now, e);
        }
        walk->new ++;
        return catalog_add(c, record->id, record->id_length, record->created, digest, ret_row, e);
}

static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct intake *i = ctx;
        struct catalog *c = archive_catalog(i->archive);
        struct catalog_record known;
        uint8_t digest[SHA256_SIZE];
        bool fresh = true;
        int64_t row;
        int r;

        spool_digest(i->spool, digest);
        r = catalog_find(c, record->id, record->id_length, &known, e);
        if (r < 0)
                return -1;
        if (r == 0 && memcmp(known.digest, digest, sizeof(digest)) == 0) {
                fresh = false;
                row = known.row;
        } else {
                r = take(i, record, r == 0 ? &known : NULL, digest, &row, e);
                if (r != 0)
                        return r;
        }
        spool_reset(i->spool);
        if (catalog_note(c, row, e) < 0)
                return -1;
        if (i->each)
                i->each(i->ctx, &(struct intake_record){ record->id, record->id_length,
                                                         record->created, fresh });
        if (!archive_due(i->archive, clock_wall(i->clock)))
                return 0;
        if (archive_commit(i->archive, clock_wall(i->clock), e) < 0)
                return -1;
        if (archive_seal(i->archive, clock_wall(i->clock), false, e) < 0)
                return -1;
        return archive_mark(i->archive, clock_wall(i->clock), e); /* for the rest of the page */
}

struct page_sink intake_sink(struct intake *i)
{
        return (struct page_sink){ on_begin, on_bytes, on_end, i };
}
