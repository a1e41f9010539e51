/* The page reader against a plain recursive reader of the whole text: the verdict, the records'
 * bytes, their ids and seconds, has_more; and none of it may depend on how the text is cut.
 *
 * Input: a byte for the kind (its lowest two bits; PLACE: the text starts close to the end of the
 * squeeze's chunk), one for the pieces' length, one for the place, the text. */
#include "fuzz.h"

/* The unit tests' readers have more than is needed here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "../unit/page-oracle.h"
#include "wire/squeeze.h"

#define PLACE    4
#define TEXT_MAX 65536
#define COPIED   64 /* pieces, at most, that are copied to see who reads past them */

static struct run runs[PAGE_MESSAGE + 1];
static struct oracle oracle;

static int feed_piece(struct page *page, const char *p, size_t n, bool copied, struct err *e)
{
        _cleanup_free_ char *copy = copied ? memcpy(mem_new(n), p, n) : NULL;

        return page_feed(page, copied ? copy : p, n, e);
}

/* In front of the text as many bytes of an unknown member as bring it to the chunk's end. */
static void feed_filler(struct run *r, size_t place)
{
        static char filler[SQUEEZE_CHUNK + 16];
        static const char start[] = "{\"f\":\"", end[] = "\",";
        size_t n = SQUEEZE_CHUNK - place;

        if (filler[0] == '\0') {
                memset(filler, 'f', sizeof(filler));
                memcpy(filler, start, sizeof(start) - 1);
        }
        memcpy(filler + n - 2, end, 2);
        r->rc = page_feed(r->page, filler, n, &r->err);
        memset(filler + n - 2, 'f', 2);
}

static void run_cut(struct run *r, const char *p, size_t n, size_t piece, size_t place)
{
        size_t k;

        run_again(r);
        if (place > 0)
                feed_filler(r, place);
        for (size_t i = 0; i < n && r->rc == 0; i += k) {
                k = piece ? piece : 1 + (size_t)(unsigned char)p[i] % 23;
                k = k < n - i ? k : n - i;
                r->rc = feed_piece(r->page, p + i, k, n / (piece ? piece : 12) <= COPIED, &r->err);
        }
        if (r->rc == 0)
                r->rc = page_end(r->page, &r->result, &r->err);
}

static bool same_buf(const struct buf *a, const struct buf *b)
{
        return a->n == b->n && memcmp(buf_str(a), buf_str(b), a->n) == 0;
}

static void agree(const struct run *r, const struct oracle *o, int rc)
{
        size_t n;

        REQUIRE(!r->wrong);
        REQUIRE(r->rc == rc);
        REQUIRE(same_buf(&r->records, &o->records));
        if (rc == 0) {
                REQUIRE(r->result.records == o->result.records);
                REQUIRE(r->result.has_more == o->result.has_more);
        } else if (rc == -1) {
                REQUIRE(r->err.kind == ERR_SOURCE && r->err.text[0] != '\0');
        } else if (o->in_record) { /* alike but for a last escape, or two */
                n = r->open.n < o->record.n ? r->open.n : o->record.n;
                REQUIRE(r->open.n - n <= 12 && o->record.n - n <= 12);
                REQUIRE(memcmp(buf_str(&r->open), buf_str(&o->record), n) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        unsigned how = fuzz_byte(&data, &n), piece = fuzz_byte(&data, &n);
        size_t place = 1 + 2 * fuzz_byte(&data, &n);
        enum page_kind kind = how % (PAGE_MESSAGE + 1);
        struct run *r = &runs[kind];
        static struct buf text;
        struct err first;
        int rc;

        if (n > TEXT_MAX)
                return 0;
        /* Where the text is a record itself, the filler would be part of it. */
        if (!(how & PLACE) || kind == PAGE_ONE || kind == PAGE_MESSAGE)
                place = 0;
        if (!r->page)
                run_start(r, kind);
        buf_clear(&text);
        if (place > 0)
                buf_puts(&text, "{\"f\":\"\",");
        buf_add(&text, data, n);

        rc = oracle_read(&oracle, kind, buf_str(&text), text.n);
        run_cut(r, (const char *)data, n, n + 1, place);
        agree(r, &oracle, rc);
        first = r->err;
        run_cut(r, (const char *)data, n, piece, place);
        agree(r, &oracle, rc);
        REQUIRE(strcmp(first.text, r->err.text) == 0);
        return 0;
}
