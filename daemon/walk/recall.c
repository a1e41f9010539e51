#include "walk/recall.h"
#include "base/form.h"
#include "walk/lines.h"
#include "wire/page.h"

#include <string.h>

struct recall {
        struct catalog *catalog;
        uint64_t records;
        struct page *page;
        struct sha256 *sum;
        struct form *form;
        bool failed; /* not the frame's fault */
};

static int on_begin(void *ctx, struct err *e)
{
        struct recall *r = ctx;

        (void)e;
        sha256_reset(r->sum);
        form_reset(r->form);
        return 0;
}

static int on_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct recall *r = ctx;

        (void)e;
        sha256_add(r->sum, p, n);
        form_add(r->form, p, n);
        return 0;
}

/* Its digest says whether it is the newest version, wherever the catalog has it. */
static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct recall *r = ctx;
        uint8_t digest[SHA256_SIZE], form[SHA256_SIZE];
        struct catalog_record known;
        int found = catalog_find(r->catalog, record->id, record->id_length, &known, e);

        sha256_digest(r->sum, digest);
        if (found == 0 && !known.has_form && memcmp(known.digest, digest, sizeof(digest)) == 0 &&
            form_digest(r->form, form) == 0)
                found = catalog_set_form(r->catalog, known.row, form, e);
        r->failed = found < 0;
        return r->failed ? -1 : 0;
}

static int on_piece(void *ctx, const char *p, size_t n, struct err *e)
{
        struct recall *r = ctx;

        return page_feed(r->page, p, n, e);
}

static int on_line(void *ctx, struct err *e)
{
        struct recall *r = ctx;
        struct page_result result;
        int got = page_end(r->page, &result, e);

        if (got != 0)
                return got < 0 ? -1 : err_set(e, ERR_DAMAGE, "a line is cut");
        page_reset(r->page);
        return 0;
}

static int read_text(void *ctx, struct unpack *text, struct err *e)
{
        struct recall *r = ctx;
        const struct lines_sink sink = { on_piece, on_line, r };

        return lines_read(text, r->records, &sink, e);
}

int recall_forms(struct archive *a, uint64_t frame, struct err *e)
{
        struct recall r = { .catalog = archive_catalog(a) };
        const struct page_sink sink = { on_begin, on_bytes, on_end, &r };
        struct frame_ref ref;
        struct err why = { 0 };
        int result;

        result = archive_find(a, STREAM_COMPLETIONS, frame, &ref, e);
        if (result != 0)
                return result < 0 ? -1 : RECALL_NOT_YET;
        r.records = ref.records;
        r.page = page_new(PAGE_ONE, &sink);
        r.sum = sha256_new();
        r.form = form_new();
        result = archive_read(a, &ref, read_text, &r, &why);
        page_free(r.page);
        sha256_free(r.sum);
        form_free(r.form);
        if (result == 0)
                return 0;
        if (e)
                *e = why;
        /* ERR_SOURCE is the page reader's word for a text that is not JSON. */
        return !r.failed && (why.kind == ERR_DAMAGE || why.kind == ERR_SOURCE) ? RECALL_DAMAGED
                                                                               : -1;
}
