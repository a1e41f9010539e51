/* The squeeze against a plain one over the whole text: text, eyes, marks, the place of what is
 * refused; and its chunks may not depend on how the input is cut.
 *
 * Input: a byte for the place in the squeeze's chunk where the text starts (0: its beginning, else
 * so many times two bytes before its end), one for the pieces' length, the text. */
#include "fuzz.h"

/* The unit tests' readers have more than is needed here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "../unit/json-random.h"
#include "../unit/squeeze-run.h"

#define TEXT_MAX 65536
#define COPIED   64 /* pieces, at most, that are copied to see who reads past them */

static size_t ahead; /* bytes of a string's inside that went before the text */

static void feed_ahead(struct err *e)
{
        static char filler[SQUEEZE_CHUNK + 2];

        if (filler[0] == '\0') {
                memset(filler, 'f', sizeof(filler));
                filler[0] = '"';
        }
        filler[ahead + 1] = '"';
        REQUIRE(squeeze_feed(squeeze, filler, ahead + 2, e) == 0);
        filler[ahead + 1] = 'f';
}

static int feed(const char *p, size_t n, size_t piece, struct err *e)
{
        int r = 0;

        squeeze_reset(squeeze);
        buf_clear(&is.text);
        buf_clear(&is.eyes);
        buf_clear(&heard.sizes);
        is.n_marks = 0;
        heard.wrong = heard.small = false;
        if (ahead > 0)
                feed_ahead(e);
        for (size_t i = 0, k; i < n && r == 0; i += k) {
                k = piece ? piece : 1 + (size_t)(unsigned char)p[i] % 23;
                k = k < n - i ? k : n - i;
                if (n / (piece ? piece : 12) <= COPIED) {
                        _cleanup_free_ char *copy = memcpy(mem_new(k), p + i, k);
                        r = squeeze_feed(squeeze, copy, k, e);
                } else {
                        r = squeeze_feed(squeeze, p + i, k, e);
                }
        }
        is.open = r == 0 ? squeeze_open(squeeze) : should.open;
        return r == 0 ? squeeze_end(squeeze, e) : r;
}

/* Behind the filler's closing quote, everything is as it would be behind that of an empty string. */
static void agree(int r, const struct err *e)
{
        size_t eyes = ahead < SQUEEZE_SHOWN ? ahead : SQUEEZE_SHOWN, marks = ahead > eyes;
        const char *at = strstr(e->text, " at offset ");

        REQUIRE(!heard.wrong && is.open == should.open);
        if (should.refused == NOT_REFUSED) {
                REQUIRE(r == 0);
        } else {
                REQUIRE(r == -1 && e->kind == ERR_SOURCE && at);
                REQUIRE(strtoull(at + 11, NULL, 10) == should.refused + ahead);
        }
        REQUIRE(is.text.n == should.text.n + ahead && is.eyes.n == should.eyes.n + eyes);
        if (should.text.n > 0) {
                REQUIRE(memcmp(is.text.p + ahead + 1, should.text.p + 1, should.text.n - 1) == 0);
                REQUIRE(memcmp(is.eyes.p + eyes + 1, should.eyes.p + 1, should.eyes.n - 1) == 0);
        }
        REQUIRE(is.n_marks == should.n_marks + marks);
        for (size_t i = 0; i < should.n_marks; i++) {
                REQUIRE(is.marks[i + marks].eyes == should.marks[i].eyes + eyes);
                REQUIRE(is.marks[i + marks].text == should.marks[i].text + ahead);
                REQUIRE(is.marks[i + marks].flags == should.marks[i].flags);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        unsigned place = fuzz_byte(&data, &n), piece = fuzz_byte(&data, &n);
        static struct buf text, sizes;
        struct err e = { 0 };

        if (n > TEXT_MAX)
                return 0;
        if (!squeeze)
                squeeze = squeeze_new(hear, &heard);
        ahead = place > 0 ? (size_t)SQUEEZE_CHUNK - 2 * place - 2 : 0;
        buf_clear(&text);
        if (ahead > 0)
                buf_puts(&text, "\"\"");
        buf_add(&text, data, n);
        squeezed_read(&should, buf_str(&text), text.n);

        agree(feed((const char *)data, n, n + 1, &e), &e);
        buf_clear(&sizes);
        buf_add(&sizes, buf_str(&heard.sizes), heard.sizes.n);
        e = (struct err){ 0 };
        agree(feed((const char *)data, n, piece, &e), &e);
        REQUIRE(strcmp(buf_str(&sizes), buf_str(&heard.sizes)) == 0);
        return 0;
}
