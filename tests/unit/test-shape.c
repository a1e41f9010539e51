#include "page-run.h"
#include "tap.h"
#include "wire/page.h"

/* What a page must hold, each way of lacking it, and how the refusal reads. The texts are read
 * through the page reader: nothing else may call it well-formed either. */

#define DATA(records) "{\"object\":\"list\",\"data\":[" records "],\"has_more\":false}"
#define GOOD          "{\"id\":\"a\",\"created\":1}"

struct expect {
        enum page_kind kind;
        const char *text;
        const char *says; /* NULL: well-formed; "": cut; else part of the refusal */
        uint64_t records; /* that have their end before it */
};

#define L PAGE_LIST
#define M PAGE_MESSAGES
#define O PAGE_ONE
#define A PAGE_MESSAGE

static const struct expect expects[] = {
        /* The whole. */
        { L, DATA(""), NULL, 0 },
        { L, DATA(GOOD "," GOOD), NULL, 2 },
        { L, "{\"has_more\":true,\"data\":[]}", NULL, 0 },
        { L, DATA(GOOD) " \r\n\t", NULL, 1 },
        { L, DATA(GOOD) "x", "something follows the end of the page", 1 },
        { L, DATA(GOOD) "{}", "something follows the end of the page", 1 },
        { L, DATA(GOOD) ",", "something follows the end of the page", 1 },
        { L, DATA(GOOD) "\"SECRET", "something follows the end of the page", 1 },
        { L, DATA(GOOD) " 1", "something follows the end of the page", 1 },
        { L, DATA(GOOD) " tru", "something follows the end of the page", 1 },
        { O, GOOD " " GOOD, "something follows the end of the completion", 1 },
        { L, "\xef\xbb\xbf" DATA(""),
          "the page is not JSON: no JSON token has such a byte (byte 0xef at offset 0)", 0 },
        { L, "[" DATA("") "]", "the page is no JSON object", 0 },
        { L, "\"SECRET\"", "the page is no JSON object", 0 },
        { L, "null", "the page is no JSON object", 0 },
        { L, "17 ", "the page is no JSON object", 0 },
        { L, "<html>", "the page is not JSON: no JSON token has such a byte (byte 0x3c", 0 },
        { L, "upstream error", "the page is not JSON (lexical error", 0 },
        { O, "[]", "the completion is no JSON object", 0 },
        { A, "1 ", "the message is no JSON object", 0 },
        { L, "{}", "the page has no data", 0 },
        /* data */
        { L, "{\"has_more\":false}", "the page has no data", 0 },
        { L, "{\"data\":{},\"has_more\":false}", "the page's data is no array", 0 },
        { L, "{\"data\":null,\"has_more\":false}", "the page's data is no array", 0 },
        { L, "{\"data\":[],\"data\":[],\"has_more\":false}", "more than one data", 0 },
        { L, "{\"d\\u0061ta\":[],\"data\":[],\"has_more\":false}", "more than one data", 0 },
        { L, "{\"x\":{\"data\":1},\"data\":[],\"has_more\":false}", NULL, 0 },
        { L, DATA(GOOD ",1"), "record 2 of the page is no object", 1 },
        { L, DATA("[" GOOD "]"), "record 1 of the page is no object", 0 },
        { L, DATA("\"SECRET\""), "record 1 of the page is no object", 0 },
        { L, DATA("null"), "record 1 of the page is no object", 0 },
        /* has_more */
        { L, "{\"data\":[]}", "the page has no has_more", 0 },
        { L, "{\"data\":[" GOOD "],\"has_mor\":true}", "the page has no has_more", 1 },
        { L, "{\"data\":[],\"x\":{\"has_more\":true}}", "the page has no has_more", 0 },
        { L, "{\"data\":[],\"has_more\":null}", "the page's has_more is no boolean", 0 },
        { L, "{\"data\":[],\"has_more\":\"true\"}", "the page's has_more is no boolean", 0 },
        { L, "{\"data\":[],\"has_more\":0}", "the page's has_more is no boolean", 0 },
        { L, "{\"data\":[],\"has_more\":[true]}", "the page's has_more is no boolean", 0 },
        { L, "{\"data\":[],\"has_more\":true,\"has_more\":true}", "more than one has_more", 0 },
        { L, "{\"data\":[],\"has\\u005fmore\":true}", NULL, 0 },
        /* object */
        { L, "{\"object\":\"l\\u0069st\",\"data\":[],\"has_more\":true}", NULL, 0 },
        { L, "{\"object\":\"error\",\"data\":[],\"has_more\":true}", "is not \"list\"", 0 },
        { L, "{\"object\":\"listing\",\"data\":[],\"has_more\":true}", "is not \"list\"", 0 },
        { L, "{\"object\":\"list\\ud83d\",\"data\":[],\"has_more\":true}", "is not \"list\"", 0 },
        { M, "{\"object\":null,\"data\":[],\"has_more\":true}", "is not \"list\"", 0 },
        { M, "{\"object\":[\"list\"],\"data\":[],\"has_more\":true}", "is not \"list\"", 0 },
        { O, "{\"object\":1,\"id\":\"a\",\"created\":1}", NULL, 1 },
        { A, "{\"object\":[],\"completion_id\":\"a\"}", NULL, 1 },
        /* id */
        { L, DATA("{\"created\":1}"), "record 1 of the page has no id", 0 },
        { L, DATA("{\"created\":1,\"x\":{\"id\":\"a\"}}"), "record 1 of the page has no id", 0 },
        { L, DATA("{\"created\":1,\"id\\u0000\":\"a\"}"), "record 1 of the page has no id", 0 },
        { L, DATA("{\"created\":1,\"id\\ud83d\":\"a\"}"), "record 1 of the page has no id", 0 },
        { L, DATA("{\"created\":1,\"ID\":\"a\"}"), "record 1 of the page has no id", 0 },
        { L, DATA(GOOD "," GOOD ",{}"), "record 3 of the page has no id", 2 },
        { L, DATA("{\"id\":\"a\",\"id\":\"a\",\"created\":1}"), "has more than one id", 0 },
        { L, DATA("{\"id\":\"a\",\"\\u0069d\":\"a\",\"created\":1}"), "more than one id", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":1,\"id\":7}"), "has more than one id", 0 },
        { L, DATA("{\"x\":[{\"id\":1}],\"id\":\"a\",\"created\":1}"), NULL, 1 },
        { L, DATA("{\"id\":\"\",\"created\":1}"), "record 1 of the page has an empty id", 0 },
        { L, DATA("{\"id\":1,\"created\":1}"), "has no string as its id", 0 },
        { L, DATA("{\"id\":null,\"created\":1}"), "has no string as its id", 0 },
        { L, DATA("{\"id\":[\"a\"],\"created\":1}"), "has no string as its id", 0 },
        { L, DATA("{\"id\":\"S\\u0000\",\"created\":1}"), "has a control character in its id", 0 },
        { L, DATA("{\"id\":\"S\\n\",\"created\":1}"), "has a control character in its id", 0 },
        { L, DATA("{\"id\":\"S\\u001F\",\"created\":1}"), "has a control character in its id", 0 },
        { L, DATA("{\"id\":\"S\x7f\",\"created\":1}"), "has a control character in its id", 0 },
        { L, DATA("{\"id\":\"S\\u007f\",\"created\":1}"), "has a control character in its id", 0 },
        { L, DATA("{\"id\":\"S\\u0080 \",\"created\":1}"), NULL, 1 },
        { L, DATA("{\"id\":\"SECRET\\ud83d\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"SECRET\\ude00\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"SECRET\\ud83dx\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"\\ude00\\ud83d\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"\\ud83d\\ud83d\\ude00\",\"created\":1}"), "half a surrogate", 0 },
        { L, DATA("{\"id\":\"\\ud83d\\u0041\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"\\ud83d\\\\u12\",\"created\":1}"), "half a surrogate pair", 0 },
        { L, DATA("{\"id\":\"\\ud83d\\ude00\",\"created\":1}"), NULL, 1 },
        { M, DATA("{\"role\":\"user\"}"), "record 1 of the page has no id", 0 },
        { M, DATA("{\"id\":\"a\",\"created\":\"x\",\"created\":[]}"), NULL, 1 },
        { O, "{\"created\":1}", "the completion has no id", 0 },
        { O, "{\"id\":\"a\",\"id\":\"b\",\"created\":1}", "the completion has more than one id",
          0 },
        { O, "{\"id\":\"a\",\"created\":1,\"data\":7,\"data\":8,\"has_more\":9}", NULL, 1 },
        { A, "{\"id\":\"a\"}", "the message has no completion_id", 0 },
        { A, "{\"completion_id\":\"\"}", "the message has an empty completion_id", 0 },
        { A, "{\"completion_id\":7,\"completion_id\":\"a\"}", "no string as its completion_id", 0 },
        { A, "{\"completion_id\":\"a\",\"id\":7,\"id\":[],\"completion_id\":7}", NULL, 1 },
        /* created */
        { L, DATA("{\"id\":\"a\"}"), "record 1 of the page has no created", 0 },
        { L, DATA(GOOD ",{\"id\":\"a\",\"created\":\"1\"}"), "record 2 of the page has no 64-b",
          1 },
        { L, DATA("{\"id\":\"a\",\"created\":1.0}"), "no 64-bit integer as its created", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":1e3}"), "no 64-bit integer as its created", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":null}"), "no 64-bit integer as its created", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":[1]}"), "no 64-bit integer as its created", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":9223372036854775808}"), "no 64-bit integer", 0 },
        { L, DATA("{\"id\":\"a\",\"created\":9223372036854775807}"), NULL, 1 },
        { L, DATA("{\"id\":\"a\",\"created\":-9223372036854775808}"), NULL, 1 },
        { L, DATA("{\"id\":\"a\",\"created\":1,\"created\":1}"), "has more than one created", 0 },
        { O, "{\"id\":\"a\"}", "the completion has no created", 0 },
        /* JSON: what the parser minds, and what it would not. */
        { L, DATA(GOOD ","), "the page is not JSON (parse error", 1 },
        { L, DATA("{\"a\":01}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":1 2}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":tr ue}"), "the page is not JSON (lexical error", 0 },
        { L, DATA("{\"a\":\"b\" \"c\"}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":\"b\"1}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":+1}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":.5}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":1.}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":NaN}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":True}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":0x10}"), "the page is not JSON (", 0 },
        { L, DATA("{a:1}"), "the page is not JSON (", 0 },
        { L, DATA("{1:1}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\"}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\",1}"), "the page is not JSON (", 0 },
        { L, DATA("{,}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":[1,]}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":[1}]}"), "the page is not JSON (", 0 },
        { L, DATA("{\"a\":'b'}"), "the page is not JSON: no JSON token has such a byte", 0 },
        { L, DATA("{\"a\":1/**/}"), "the page is not JSON: no JSON token has such a byte", 0 },
        { L, DATA("{\"a\":\f1}"), "the page is not JSON: no JSON token has such a byte", 0 },
        { L, DATA("{\"a\":\v1}"), "the page is not JSON: no JSON token has such a byte", 0 },
        { L,
          DATA("{\"a\":\xc2\xa0"
               "1}"),
          "the page is not JSON: no JSON token has such a", 0 },
        { L, DATA("{\"a\":\"SECRET\t\"}"), "the page is not JSON: a string has a control char", 0 },
        { L, DATA("{\"a\":\"SECRET\\x\"}"),
          "the page is not JSON: a string has an escape that JSON does not know (byte 0x78", 0 },
        { L, DATA("{\"a\":\"SECRET\\u12g4\"}"),
          "the page is not JSON: a string has a \\u without four hex digits (byte 0x67", 0 },
        { L, DATA("{\"a\":\"SECRET\xc0\x80\"}"), "the page is not JSON: a string is not UTF-8", 0 },
        { L, DATA("{\"a\":\"SECRET\xed\xa0\x80\"}"), "the page is not JSON: a string is not UTF-8",
          0 },
        { L, DATA("{\"a\":\"SECRET\xf4\x90\x80\x80\"}"),
          "the page is not JSON: a string is not UTF-8", 0 },
        { L, DATA("{\"a\":\"SECRET\xe2\x82\"}"), "the page is not JSON: a string is not UTF-8", 0 },
        /* Cut: what came may yet become a page. */
        { L, "", "", 0 },
        { L, " \n", "", 0 },
        { L, "{", "", 0 },
        { L, "{\"obj", "", 0 },
        { L, "{\"object\":\"li", "", 0 },
        { L, "{\"data\":[" GOOD, "", 1 },
        { L, "{\"data\":[" GOOD ",", "", 1 },
        { L, "{\"data\":[],\"data", "", 0 },
        { L, "{\"data\":[],\"has_more\":t", "", 0 },
        { L, "{\"data\":[],\"has_more\":fals", "", 0 },
        { L, "{\"data\":[],\"has_more\":true", "", 0 },
        { L, "{\"a\":nul", "", 0 },
        { L, "{\"a\":-", "", 0 },
        { L, "{\"a\":0", "", 0 },
        { L, "{\"a\":1E+", "", 0 },
        { L, "{\"a\":1 ", "", 0 },
        { L, "{\"a\":\"\xe2\x82", "", 0 },
        { L, "{\"a\":\"\\", "", 0 },
        { L, "{\"a\":\"\\ud83d\\u", "", 0 },
        { L, "{\"data\":[{\"id\":\"", "", 0 },
        { L, "{\"data\":[{\"id\":\"a\\ud83d", "", 0 },
        { L, "{\"data\":[{\"created\":-", "", 0 },
        { O, "{\"id\":\"a\",\"created\":1", "", 0 },
        /* Not cut only: what came can never become one. */
        { L, "{\"a\":01", "the page is not JSON", 0 },
        { L, "{\"a\":tr ", "the page is not JSON", 0 },
        { L, "{\"a\":- ", "the page is not JSON", 0 },
        { L, "{1", "the page is not JSON", 0 },
        { L, "{t", "the page is not JSON", 0 },
        { L, "{\"a\"\"b", "the page is not JSON", 0 },
        { L, "{\"a\":1\"b", "the page is not JSON", 0 },
        { L, "{\"a\":1 2", "the page is not JSON", 0 },
        { L, "{\"a\":\"\xe2\x28", "the page is not JSON", 0 },
        { L, "1", "the page is no JSON object", 0 },
        { L, "\"", "the page is no JSON object", 0 },
        { L, "{\"data\":[1", "record 1 of the page is no object", 0 },
        { L, "{\"data\":[\"", "record 1 of the page is no object", 0 },
        { L, "{\"data\":\"", "the page's data is no array", 0 },
        { L, "{\"has_more\":n", "the page's has_more is no boolean", 0 },
        { L, "{\"object\":\"lx", "is not \"list\"", 0 },
        { L, "{\"object\":\"listi", "is not \"list\"", 0 },
        { L, "{\"data\":[{\"id\":t", "has no string as its id", 0 },
        { L, "{\"data\":[{\"id\":\"\\u0001", "has a control character in its id", 0 },
        { L, "{\"data\":[{\"id\":\"\\ud83dx", "half a surrogate pair", 0 },
        { L, "{\"data\":[{\"created\":1.", "no 64-bit integer as its created", 0 },
        { L, "{\"data\":[{\"created\":9223372036854775808", "no 64-bit integer", 0 },
        { L, "{\"data\":[],\"has_more\":true,\"data\":", "more than one data", 0 },
};

static bool as_expected(const struct run *r, const struct expect *x)
{
        uint64_t records = 0;

        for (const char *p = buf_str(&r->records); (p = strchr(p, '\n')); p++)
                records++;
        if (r->wrong || records != 2 * x->records || strstr(r->err.text, "SECRET"))
                return false;
        if (!x->says)
                return r->rc == 0 && r->result.records == x->records;
        if (!*x->says)
                return r->rc == PAGE_CUT;
        /* A fault of JSON is called so, and no other is. */
        if (!strstr(r->err.text, "not JSON") != !strstr(x->says, "not JSON"))
                return false;
        return r->rc == -1 && r->err.kind == ERR_SOURCE && strstr(r->err.text, x->says);
}

static void test_expects(void)
{
        for (size_t i = 0; i < ELEMENTS(expects); i++) {
                const struct expect *x = &expects[i];
                struct run r = { 0 };

                run_start(&r, x->kind);
                for (size_t piece = 0; piece <= 64; piece++) {
                        run_over(&r, x->text, strlen(x->text), piece);
                        if (!CHECK(as_expected(&r, x))) {
                                printf("# %s: %d %s\n", x->text, r.rc, r.err.text);
                                break;
                        }
                }
                run_done(&r);
        }
}

/* Ids of `plain` bytes and then `end`, which the squeeze must show whole. */
static void id_of(size_t plain, const char *end, const char *says, size_t length)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct run r = { 0 };
        char tail[32];

        buf_puts(&b, "{\"data\":[{\"id\":\"");
        while (plain-- > 0)
                buf_putc(&b, 'i');
        buf_printf(&b, "%s\",\"created\":7}],\"has_more\":true}", end);
        snprintf(tail, sizeof(tail), "\n%zu ", length);
        run_start(&r, PAGE_LIST);
        for (size_t piece = 1; piece < 400; piece++) {
                run_over(&r, b.p, b.n, piece);
                if (says)
                        CHECK(r.rc == -1 && strstr(r.err.text, says));
                else
                        CHECK(r.rc == 0 && strstr(buf_str(&r.records), tail));
        }
        run_done(&r);
}

static void test_long_ids(void)
{
        id_of(PAGE_ID_MAX, "", NULL, 256);
        id_of(PAGE_ID_MAX + 1, "", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 2, "\\/", NULL, 255);
        id_of(PAGE_ID_MAX - 1, "\\/", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 6, "\\u00e9", NULL, 252);
        id_of(PAGE_ID_MAX - 5, "\\u00e9", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 12, "\\ud83d\\ude00", NULL, 248);
        id_of(PAGE_ID_MAX - 11, "\\ud83d\\ude00", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 6, "\\ud83d\\ude00", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 6, "\\ud83d", "half a surrogate pair in its id", 0);
        id_of(PAGE_ID_MAX - 4, "\xf0\x9f\x98\x80", NULL, 256);
        id_of(PAGE_ID_MAX - 3, "\xf0\x9f\x98\x80", "too many bytes in its id", 0);
        id_of(PAGE_ID_MAX - 1, "\xc3\xa9", "too many bytes in its id", 0);
}

static void test_stop(void)
{
        static const char text[] = DATA(GOOD "," GOOD);

        for (int call = 1; call <= 6; call++) {
                struct run r = { 0 };

                run_start(&r, PAGE_LIST);
                for (int with = -7; with <= 3; with += 10) {
                        struct err e = { 0 };

                        run_again(&r);
                        r.stop_at = call;
                        r.stop_with = with;
                        r.rc = page_feed(r.page, text, sizeof(text) - 1, &r.err);
                        if (r.rc == 0)
                                r.rc = page_end(r.page, &r.result, &r.err);
                        CHECK(r.rc == with);
                        CHECK(page_feed(r.page, text, 1, &e) == with);
                        CHECK(page_end(r.page, &r.result, &e) == with);
                        CHECK(with > 0 || (e.kind == ERR_HOST && strstr(e.text, "disk is full")));
                        CHECK(with < 0 || e.kind == ERR_NONE);
                        CHECK(r.stop_at == 0 && r.result.records == 0);
                }
                run_done(&r);
        }
}

static void test_sticks(void)
{
        static const char good[] = DATA(GOOD), bad[] = "{\"data\":1";
        static char more[100000];
        struct run r = { 0 };
        struct err e = { 0 };

        run_start(&r, PAGE_LIST);
        CHECK(page_feed(r.page, bad, sizeof(bad) - 1, NULL) == 0);
        CHECK(page_end(r.page, &r.result, NULL) == -1);
        CHECK(page_feed(r.page, good, sizeof(good) - 1, &e) == -1);
        CHECK(strstr(e.text, "data is no array"));
        memset(more, '[', sizeof(more));
        CHECK(page_feed(r.page, more, sizeof(more), &e) == -1);
        CHECK(page_end(r.page, &r.result, &e) == -1 && strstr(e.text, "data is no array"));

        page_reset(r.page);
        CHECK(page_feed(r.page, good, 5, &e) == 0);
        e.errnum = 4711;
        CHECK(page_end(r.page, &r.result, &e) == PAGE_CUT && e.errnum == 4711);
        CHECK(page_feed(r.page, good + 5, sizeof(good) - 6, &e) == PAGE_CUT);

        page_reset(r.page);
        CHECK(page_feed(r.page, good, sizeof(good) - 1, &e) == 0);
        CHECK(page_end(r.page, &r.result, &e) == 0 && r.result.records == 1);
        CHECK(page_end(r.page, &r.result, &e) == 0);
        run_done(&r);
        CHECK(page_free(NULL) == NULL);
}

int main(void)
{
        RUN(test_expects, "each way of being no page is refused in words, in pieces of any size");
        RUN(test_long_ids, "an id is whole or refused, however it reaches the 256th byte");
        RUN(test_stop, "what the sink returns stops the page and comes back");
        RUN(test_sticks, "a failure sticks until the reset, and nothing after it");
        return tap_end();
}
