/* A page reader under test, with a sink that keeps what it is told. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "tap.h"
#include "wire/page.h"

#include <inttypes.h>
#include <malloc.h>

/* What a run over a text brought. */
struct run {
        struct page *page;
        struct page_result result;
        int rc;
        struct err err;
        struct buf records; /* those that ended, each as run_log() writes it */
        struct buf open;    /* the bytes of the one in hand */
        bool in_record, wrong;
        uint64_t bytes, pieces;
        bool forget;            /* count bytes, do not keep them */
        size_t heap_max;        /* of the whole process, seen from the sink */
        int stop_at, stop_with; /* after so many calls of the sink, return this */
};

static void run_log(struct buf *log, const struct buf *bytes, const char *id, size_t n,
                    int64_t created)
{
        buf_add(log, bytes->p, bytes->n);
        buf_printf(log, "\n%zu ", n);
        buf_add(log, id, n);
        buf_printf(log, " %" PRId64 "\n", created);
}

static int stop(struct run *r, struct err *e)
{
        if (r->stop_at == 0 || --r->stop_at > 0)
                return 0;
        if (r->stop_with < 0)
                err_set(e, ERR_HOST, "the disk is full");
        return r->stop_with;
}

static int on_begin(void *ctx, struct err *e)
{
        struct run *r = ctx;

        r->wrong = r->wrong || r->in_record;
        r->in_record = true;
        buf_clear(&r->open);
        return stop(r, e);
}

static int on_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        struct run *r = ctx;
        size_t heap = mallinfo2().uordblks;

        r->wrong = r->wrong || !r->in_record || n == 0;
        r->bytes += n;
        r->pieces++;
        r->heap_max = heap > r->heap_max ? heap : r->heap_max;
        if (!r->forget)
                buf_add(&r->open, p, n);
        return stop(r, e);
}

static int on_end(void *ctx, const struct page_record *record, struct err *e)
{
        struct run *r = ctx;

        r->wrong = r->wrong || !r->in_record || record->id[record->id_length] != '\0';
        r->in_record = false;
        if (!r->forget)
                run_log(&r->records, &r->open, record->id, record->id_length, record->created);
        return stop(r, e);
}

static void run_start(struct run *r, enum page_kind kind)
{
        struct page_sink sink = { on_begin, on_bytes, on_end, r };

        r->page = page_new(kind, &sink);
}

static void run_again(struct run *r)
{
        struct page *page = r->page;
        struct buf records = r->records, open = r->open;

        page_reset(page);
        buf_clear(&records);
        buf_clear(&open);
        *r = (struct run){ .page = page, .records = records, .open = open };
}

static void run_done(struct run *r)
{
        r->page = page_free(r->page);
        buf_done(&r->records);
        buf_done(&r->open);
}

/* In pieces of `piece` bytes; 0: of random lengths. */
static void run_over(struct run *r, const char *p, size_t n, size_t piece)
{
        run_again(r);
        for (size_t i = 0, k; i < n && r->rc == 0; i += k) {
                k = piece ? piece : tap_below(tap_below(3) ? 300 : 3);
                k = k < n - i ? k : n - i;
                /* Of its own length, so that no reader runs past it unseen. */
                _cleanup_free_ char *copy = memcpy(mem_new(k), p + i, k);
                r->rc = page_feed(r->page, copy, k, &r->err);
        }
        if (r->rc == 0)
                r->rc = page_end(r->page, &r->result, &r->err);
}
