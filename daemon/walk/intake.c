#include "walk/intake.h"
#include "base/form.h"
#include "base/mem.h"
#include "walk/recall.h"
#include "walk/tombstone.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define UNSTABLE_KEY "unstable" /* in the catalog: "1" or "0" */

struct intake {
        struct archive *archive;
        const struct clock *clock;
        void (*each)(void *ctx, const struct intake_record *record);
        void *ctx;
        struct spool *spool;
        struct spool *change;
        char request_id[ARCHIVE_REQUEST_ID_MAX];
        enum catalog_heads head;
        /* The archive's counts when this page's mark was set, and what this page has appended. */
        uint64_t marks, commits, undos, appends, appended;

        struct intake_tally *tally, own_tally;
        struct form *form; /* made when it is first needed */
        bool by_value;     /* the record in hand is compared so */
        uint64_t vain;     /* the frame that was last read back in vain, or 0 */

        /* The record that waits for intake_keep(), whole in the spool. */
        bool whole;
        char id[CATALOG_ID_MAX];
        struct page_record record;
};

struct intake *intake_new(struct archive *a, const struct clock *clock,
                          void (*each)(void *ctx, const struct intake_record *record), void *ctx)
{
        struct intake *i = mem_new(sizeof(*i));

        i->archive = a;
        i->clock = clock;
        i->head = CATALOG_DESC;
        i->each = each;
        i->ctx = ctx;
        i->spool = spool_new(archive_spool_place(a));
        i->change = spool_new(archive_spool_place(a));
        i->tally = &i->own_tally;
        return i;
}

struct intake *intake_free(struct intake *i)
{
        if (!i)
                return NULL;
        spool_free(i->spool);
        spool_free(i->change);
        form_free(i->form);
        free(i);
        return NULL;
}

void intake_set_tally(struct intake *i, struct intake_tally *tally)
{
        i->tally = tally;
}

bool intake_is_unstable(const struct intake *i)
{
        return i->tally->unstable;
}

bool intake_found_unstable(const struct intake *i)
{
        return i->tally->unstable && !i->tally->inherited;
}

static int load_tally(struct intake *i, struct err *e)
{
        struct intake_tally *t = i->tally;
        char text[8];
        int r;

        if (t->loaded)
                return 0;
        r = catalog_get_text(archive_catalog(i->archive), UNSTABLE_KEY, text, sizeof(text), e);
        if (r < 0)
                return -1;
        t->unstable = t->inherited = t->remembered = r == 0 && strcmp(text, "1") == 0;
        t->loaded = true;
        return 0;
}

static int set_mark(struct intake *i, struct err *e)
{
        const struct archive_tally *t = archive_tally(i->archive);

        if (archive_mark(i->archive, clock_wall(i->clock), e) < 0)
                return -1;
        i->marks = t->marks;
        i->commits = t->commits;
        i->undos = t->undos;
        i->appends = t->appends;
        i->appended = 0;
        return 0;
}

int intake_back(struct intake *i, struct err *e)
{
        const struct archive_tally *t = archive_tally(i->archive);

        if (i->appended == 0 || i->commits != t->commits || i->undos != t->undos)
                return 0;
        if (i->marks != t->marks || i->appended != t->appends - i->appends)
                return err_set(e, ERR_AGAIN, "others have appended meanwhile");
        i->appended = 0;
        return archive_back(i->archive, e);
}

void intake_set_head(struct intake *i, enum catalog_heads head)
{
        i->head = head;
}

int intake_restart(struct intake *i, struct err *e)
{
        spool_reset(i->spool);
        i->whole = false;
        return set_mark(i, e);
}

void intake_set_request_id(struct intake *i, const char *request_id)
{
        snprintf(i->request_id, sizeof(i->request_id), "%s", request_id);
}

static int on_begin(void *ctx, struct err *e)
{
        struct intake *i = ctx;

        spool_reset(i->spool);
        if (load_tally(i, e) < 0)
                return -1;
        i->by_value = i->tally->unstable;
        if (!i->by_value)
                return 0;
        if (!i->form)
                i->form = form_new();
        form_reset(i->form);
        return 0;
}

static int on_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct intake *i = ctx;

        if (i->by_value)
                form_add(i->form, p, n);
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
                if (put_changed(i, record, known, digest, now, e) < 0)
                        return -1;
                return catalog_put_event(c, known->row, e);
        }
        walk->new ++;
        return catalog_add(c, record->id, record->id_length, record->created, digest, ret_row, e);
}

/* The known record with the form of its newest version; has_form stays false if that cannot be
 * had. */
static int recall(struct intake *i, const struct page_record *record, struct catalog_record *known,
                  struct err *e)
{
        int r;

        if (known->has_form || known->frame == i->vain)
                return 0;
        r = recall_forms(i->archive, known->frame, e);
        if (r < 0)
                return -1;
        if (r == RECALL_NOT_YET)
                return 0;
        if (catalog_find(archive_catalog(i->archive), record->id, record->id_length, known, e) != 0)
                return -1;
        if (!known->has_form)
                i->vain = known->frame;
        return 0;
}

/* Does it say what the newest version says? form NULL: bytes decide. 1 yes, 0 no, -1 failed. */
static int is_same(struct intake *i, const struct page_record *record, struct catalog_record *known,
                   const uint8_t digest[static SHA256_SIZE], const uint8_t *form, struct err *e)
{
        if (memcmp(known->digest, digest, SHA256_SIZE) == 0)
                return 1;
        if (!form)
                return 0;
        if (recall(i, record, known, e) < 0)
                return -1;
        return known->has_form && memcmp(known->form, form, SHA256_SIZE) == 0;
}

/* Counted at its end only: what is compared by value is settled when a record begins. */
static int count(struct intake *i, bool differs, struct err *e)
{
        struct intake_tally *t = i->tally;
        bool most;

        t->reread++;
        t->differ += differs;
        if (t->reread < INTAKE_TALLY_MIN)
                return 0;
        most = 2 * t->differ > t->reread;
        if (most)
                t->unstable = true;
        else if (t->inherited)
                t->unstable = t->inherited = false;
        if (t->remembered == most)
                return 0;
        t->remembered = most;
        return catalog_set_text(archive_catalog(i->archive), UNSTABLE_KEY, most ? "1" : "0", e);
}

/* What is in the spool, held against what is known. */
static int settle(struct intake *i, const struct page_record *record, int64_t *ret_row,
                  bool *ret_fresh, struct err *e)
{
        struct catalog *c = archive_catalog(i->archive);
        struct catalog_record known;
        uint8_t digest[SHA256_SIZE], values[SHA256_SIZE], *form = NULL;
        bool found;
        int r, same;

        spool_digest(i->spool, digest);
        if (i->by_value && form_digest(i->form, values) == 0)
                form = values;
        r = catalog_find(c, record->id, record->id_length, &known, e);
        if (r < 0)
                return -1;
        found = r == 0;
        if (found && known.gone &&
            tombstone_lift(i->archive, i->change, record->id, record->id_length, &known,
                           i->request_id, clock_wall(i->clock), e) < 0)
                return -1;
        same = found ? is_same(i, record, &known, digest, form, e) : 0;
        if (same < 0)
                return -1;
        *ret_fresh = !same;
        if (same) {
                *ret_row = known.row;
        } else {
                r = take(i, record, found ? &known : NULL, digest, ret_row, e);
                if (r != 0)
                        return r;
                if (form && catalog_set_form(c, *ret_row, form, e) < 0)
                        return -1;
        }
        if (found && count(i, memcmp(known.digest, digest, sizeof(digest)) != 0, e) < 0)
                return -1;
        spool_reset(i->spool);
        return 0;
}

static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct intake *i = ctx;
        bool fresh, found = !i->tally->unstable;
        const struct archive_tally *t;
        uint64_t before;
        int64_t row;
        int r;

        /* A commit or an undo has taken the mark away: what comes now needs a new one. */
        t = archive_tally(i->archive);
        if ((i->commits != t->commits || i->undos != t->undos) && set_mark(i, e) < 0)
                return -1;
        before = archive_tally(i->archive)->appends;
        r = settle(i, record, &row, &fresh, e);
        i->appended += archive_tally(i->archive)->appends - before;
        if (r != 0)
                return r;
        if (catalog_note(archive_catalog(i->archive), i->head, row, e) < 0)
                return -1;
        if (i->each)
                i->each(i->ctx, &(struct intake_record){ record->id, record->id_length,
                                                         record->created, fresh });
        /* From now on versions are read back, for which they must be committed. */
        found = found && i->tally->unstable;
        return archive_keep_up(i->archive, found, clock_wall(i->clock), e);
}

struct page_sink intake_sink(struct intake *i)
{
        return (struct page_sink){ on_begin, on_bytes, on_end, i };
}

static int on_end_held(void *ctx, const struct page_record *record, struct err *e)
{
        struct intake *i = ctx;

        (void)e;
        memcpy(i->id, record->id, record->id_length + 1);
        i->record = *record;
        i->record.id = i->id;
        i->whole = true;
        return 0;
}

struct page_sink intake_sink_held(struct intake *i)
{
        return (struct page_sink){ on_begin, on_bytes, on_end_held, i };
}

void intake_drop(struct intake *i)
{
        spool_reset(i->spool);
        i->whole = false;
}

const char *intake_held(const struct intake *i)
{
        return i->whole ? i->id : NULL;
}

int intake_keep(struct intake *i, int64_t *ret_row, struct err *e)
{
        bool fresh;

        assert(i->whole);
        i->whole = false;
        return settle(i, &i->record, ret_row, &fresh, e);
}
