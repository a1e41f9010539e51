#include "walk/index.h"
#include "base/json.h"
#include "base/mem.h"
#include "walk/lines.h"
#include "wire/page.h"

#include <string.h>

#define CHANGE_MAX 65536 /* bytes of a line of changes; ours have some hundred */

/* Completions and messages may be of any size: they run through the page reader, a line at a time.
 * Changes are short, and are read whole. */
struct index {
        struct catalog *catalog;
        const struct frame_ref *frame;
        uint64_t walk;
        usec_t time;
        struct page *page; /* that of the frame's stream */
        struct page *one, *message;
        struct sha256 *sum;
        struct buf change;
        struct page_record record; /* of the line in hand */
        char id[CATALOG_ID_MAX];
};

static int on_begin(void *ctx, struct err *e)
{
        struct index *x = ctx;

        (void)e;
        sha256_reset(x->sum);
        return 0;
}

static int on_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct index *x = ctx;

        (void)e;
        if (x->frame->stream == STREAM_COMPLETIONS)
                sha256_add(x->sum, p, n);
        return 0;
}

static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct index *x = ctx;

        if (record->id_length >= sizeof(x->id))
                return err_set(e, ERR_DAMAGE, "an id is too long");
        memcpy(x->id, record->id, record->id_length + 1);
        x->record = *record;
        x->record.id = x->id;
        return 0;
}

static int put_completion(struct index *x, struct err *e)
{
        struct catalog_record known;
        uint8_t digest[SHA256_SIZE];
        int64_t row;
        int r;

        sha256_digest(x->sum, digest);
        r = catalog_find(x->catalog, x->id, x->record.id_length, &known, e);
        if (r < 0)
                return -1;
        if (r == CATALOG_NONE) {
                if (catalog_add(x->catalog, x->id, x->record.id_length, x->record.created, digest,
                                &row, e) < 0)
                        return -1;
        } else {
                row = known.row;
                if (catalog_change(x->catalog, row, x->record.created, digest, e) < 0)
                        return -1;
        }
        /* Which head read it is not said; either may have. */
        if (catalog_mark(x->catalog, row, x->walk, CATALOG_DESC, x->time / USEC_PER_SEC, e) < 0)
                return -1;
        return catalog_mark(x->catalog, row, x->walk, CATALOG_ASC, x->time / USEC_PER_SEC, e);
}

static int put_event(struct index *x, const struct json *type, const struct buf *id, struct err *e)
{
        struct catalog_record known;
        int r = catalog_find(x->catalog, id->p, id->n, &known, e);

        if (r != 0)
                return r < 0 ? -1 : 0;
        if (!json_equals(type, "changed") &&
            catalog_set_gone(x->catalog, known.row, json_equals(type, "gone"), e) < 0)
                return -1;
        return catalog_put_event(x->catalog, known.row, e);
}

static int put_change(struct index *x, struct err *e)
{
        _cleanup_buf_ struct buf id = BUF_INIT;
        struct json line, type, v;
        enum catalog_messages state;

        if (json_parse(buf_str(&x->change), x->change.n, &line) < 0 ||
            !json_member(&line, "type", &type) || !json_member(&line, "id", &v) ||
            json_string(&v, &id) < 0)
                return err_set(e, ERR_DAMAGE, "a line of changes makes no sense");
        if (json_equals(&type, "changed") || json_equals(&type, "gone") ||
            json_equals(&type, "returned"))
                return put_event(x, &type, &id, e);
        if (json_equals(&type, "messages-none"))
                state = CATALOG_EMPTY;
        else if (json_equals(&type, "messages-missing"))
                state = CATALOG_MISSING;
        else
                return 0;
        return catalog_set_messages(x->catalog, id.p, id.n, state, e);
}

static int on_line(void *ctx, struct err *e)
{
        struct index *x = ctx;
        struct page_result result;
        int r;

        if (x->frame->stream == STREAM_CHANGES) {
                r = put_change(x, e);
                buf_clear(&x->change);
                return r;
        }
        r = page_end(x->page, &result, e);
        if (r != 0)
                return r < 0 ? -1 : err_set(e, ERR_DAMAGE, "a line is cut");
        page_reset(x->page);
        if (x->frame->stream == STREAM_COMPLETIONS)
                return put_completion(x, e);
        return catalog_set_messages(x->catalog, x->id, x->record.id_length, CATALOG_ARCHIVED, e);
}

static int on_piece(void *ctx, const char *p, size_t n, struct err *e)
{
        struct index *x = ctx;

        if (x->frame->stream != STREAM_CHANGES)
                return page_feed(x->page, p, n, e);
        if (x->change.n + n > CHANGE_MAX)
                return err_set(e, ERR_DAMAGE, "a line of changes is too long");
        buf_add(&x->change, p, n);
        return 0;
}

/* A parser's memory has to be zeroed when it is made, which took a third of the time where frames
 * are small and many: one is kept for the next frame. */
static struct index *index_ready(enum stream stream)
{
        static _Thread_local struct index *kept;
        struct page_sink sink = { on_begin, on_bytes, on_end, NULL };
        struct page **page;

        if (!kept) {
                kept = mem_new(sizeof(*kept));
                kept->sum = sha256_new();
        }
        sink.ctx = kept;
        page = stream == STREAM_MESSAGES ? &kept->message : &kept->one;
        if (stream != STREAM_CHANGES && !*page)
                *page = page_new(stream == STREAM_MESSAGES ? PAGE_MESSAGE : PAGE_ONE, &sink);
        kept->page = *page;
        if (kept->page)
                page_reset(kept->page);
        buf_clear(&kept->change);
        return kept;
}

int index_frame(struct catalog *c, const struct frame_ref *frame, uint64_t walk, usec_t time,
                struct unpack *text, struct err *e)
{
        struct index *x = index_ready(frame->stream);
        const struct lines_sink lines = { on_piece, on_line, x };
        int r;

        x->catalog = c;
        x->frame = frame;
        x->walk = walk;
        x->time = time;
        r = lines_read(text, frame->records, &lines, e);
        if (r < 0) {
                if (e && e->kind == ERR_SOURCE) /* the reader's word for a text that is not JSON */
                        e->kind = ERR_DAMAGE;
                return err_wrap(e, "%s, frame at offset %llu", frame->segment,
                                (unsigned long long)frame->offset);
        }
        return 0;
}
