/* Pages of any size in the same memory, and where a size has an end. */
#include "base/buf.h"
#include "page-run.h"
#include "tap.h"
#include "wire/page.h"

#include <malloc.h>

static const char head[] = "{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"created\":1,\"c\":";
static const char foot[] = "}],\"has_more\":false}";

static int feed(struct run *r, const char *s)
{
        if (r->rc == 0)
                r->rc = page_feed(r->page, s, strlen(s), &r->err);
        return r->rc;
}

static void test_long_string(void)
{
        static char piece[16385];
        struct run r = { 0 };
        size_t heap;

        memset(piece, 's', sizeof(piece) - 1);
        run_start(&r, PAGE_LIST);
        r.forget = true;
        feed(&r, head);
        feed(&r, "\"");
        heap = mallinfo2().uordblks;
        for (unsigned i = 0; i < 8192; i++)
                feed(&r, piece);
        CHECK(r.heap_max <= heap + 4096);
        CHECK(r.pieces >= 2000 && r.bytes / r.pieces > 65000);
        feed(&r, "\"");
        feed(&r, foot);
        CHECK(page_end(r.page, &r.result, &r.err) == 0 && r.result.records == 1);
        CHECK(r.bytes == 8192 * 16384 + strlen("{\"id\":\"a\",\"created\":1,\"c\":\"\"}"));
        run_done(&r);
}

/* One record of 20 MB of small tokens, and 500,000 records of a few bytes. */
static void test_many_tokens(void)
{
        struct run r = { 0 };
        size_t heap;

        run_start(&r, PAGE_LIST);
        r.forget = true;
        feed(&r, head);
        feed(&r, "[0");
        heap = mallinfo2().uordblks;
        for (unsigned i = 0; i < 1000000; i++)
                feed(&r, ",1.0,\"\\ud83d\",{\"id\":[]}");
        CHECK(r.heap_max <= heap + 4096);
        feed(&r, "]}");
        for (unsigned i = 0; i < 500000; i++)
                feed(&r, ",{\"id\":\"b\",\"created\":2}");
        feed(&r, foot + 1);
        CHECK(r.heap_max <= heap + 4096);
        CHECK(r.rc == 0 && page_end(r.page, &r.result, &r.err) == 0);
        CHECK(r.result.records == 500001 && !r.wrong && !r.in_record);
        run_done(&r);
}

static void test_long_others(void)
{
        static char white[65537], digits[1024 + 2];
        struct run r = { 0 };

        memset(white, '\n', sizeof(white) - 1);
        memset(digits, '1', sizeof(digits) - 1);
        run_start(&r, PAGE_LIST);
        feed(&r, head);
        for (unsigned i = 0; i < 300; i++)
                feed(&r, white);
        digits[1024] = '\0';
        feed(&r, digits);
        feed(&r, foot);
        CHECK(r.rc == 0 && page_end(r.page, &r.result, &r.err) == 0);
        CHECK(r.bytes == 1024 + strlen("{\"id\":\"a\",\"created\":1,\"c\":}"));

        run_again(&r);
        digits[1024] = '1';
        feed(&r, head);
        feed(&r, digits);
        CHECK(r.rc == -1 && strstr(r.err.text, "a number or word is too long"));
        run_done(&r);
}

static void nest(struct buf *b, unsigned depth)
{
        buf_clear(b);
        buf_puts(b, head);
        for (unsigned i = 3; i < depth; i++)
                buf_puts(b, i % 2 ? "[" : "{\"id\":");
        buf_puts(b, "0");
        for (unsigned i = depth; i-- > 3;)
                buf_putc(b, i % 2 ? ']' : '}');
        buf_puts(b, foot);
}

static void test_depth(void)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct run r = { 0 };

        run_start(&r, PAGE_LIST);
        nest(&b, PAGE_DEPTH_MAX);
        run_over(&r, b.p, b.n, 1000);
        CHECK(r.rc == 0 && r.result.records == 1);
        nest(&b, PAGE_DEPTH_MAX + 1);
        run_over(&r, b.p, b.n, 1000);
        CHECK(r.rc == -1 && strstr(r.err.text, "nests objects and arrays deeper than 512"));
        nest(&b, 1000000);
        run_over(&r, b.p, b.n, 16384);
        CHECK(r.rc == -1 && strstr(r.err.text, "deeper than 512"));
        run_done(&r);
}

int main(void)
{
        RUN(test_long_string, "a string of 128 MiB passes in the same memory, in large pieces");
        RUN(test_many_tokens, "a record of many tokens and many records need no memory");
        RUN(test_long_others, "white space may be long and a number may not");
        RUN(test_depth, "512 levels may nest and no more");
        return tap_end();
}
