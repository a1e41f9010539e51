#include "tap.h"

#include "base/mem.h"
#include "ctl/record.h"

#include <dirent.h>

static size_t open_files(void)
{
        DIR *dir = opendir("/proc/self/fd");
        size_t n = 0;

        while (dir && readdir(dir))
                n++;
        closedir(dir);
        return n;
}

/* A string of n bytes, in pieces of any size: what comes back is what went in. */
static void one(struct record *r, size_t n, bool newline)
{
        char *text = mem_new(n + 3);
        struct json got;
        struct err e;

        text[0] = text[n + 1] = '"';
        for (size_t i = 1; i <= n; i++)
                text[i] = (char)('a' + tap_below(26));
        text[n + 2] = '\n';
        record_reset(r);
        for (size_t at = 0, end = n + 2 + newline, piece; at < end; at += piece) {
                piece = 1 + tap_below(tap_below(3) ? 3000 : 2000000);
                piece = piece < end - at ? piece : end - at;
                if (!CHECK(record_add(r, text + at, piece, &e) == 0))
                        break;
                /* To look in between changes nothing. */
                if (tap_below(50) == 0)
                        record_text(r, &got, &e);
        }
        for (int twice = 0; twice < 2; twice++)
                CHECK(record_text(r, &got, &e) == 0 && got.type == JSON_STRING && got.n == n + 2 &&
                      memcmp(got.p, text, n + 2) == 0);
        free(text);
}

static void test_sizes(void)
{
        static const size_t sizes[] = { 0,       1,       4095,    4096,    1048573, 1048574,
                                        1048575, 1048576, 1048577, 2097152, 9000000 };
        struct record *r = record_new();
        size_t files = open_files();

        for (int round = 0; round < 3; round++)
                for (size_t i = 0; i < ELEMENTS(sizes); i++)
                        one(r, sizes[tap_below(ELEMENTS(sizes))], tap_below(2));
        record_reset(r);
        CHECK(open_files() == files);
        CHECK(record_free(r) == NULL && record_free(NULL) == NULL);
}

static void test_nonsense(void)
{
        static const char *const texts[] = { "", "\n", "{", "{}{}", "{\"a\":1}\n\n1", "nul" };
        struct record *r = record_new();
        struct json got;
        struct err e;

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                record_reset(r);
                CHECK(record_add(r, texts[i], strlen(texts[i]), &e) == 0);
                CHECK(record_text(r, &got, &e) == -1 && e.kind == ERR_DAMAGE);
        }
        record_free(r);
}

/* Where there is no place for a large one, that is said; a small one needs none. */
static void test_no_place(void)
{
        struct record *r = record_new();
        struct json got;
        struct err e;

        setenv("TMPDIR", "/nonexistent", 1);
        one(r, 3000000, false); /* the next place is taken */
        unsetenv("TMPDIR");
        record_reset(r);
        CHECK(record_add(r, "[1]", 3, &e) == 0 && record_text(r, &got, &e) == 0 && got.n == 3);
        record_free(r);
}

int main(void)
{
        RUN(test_sizes, "a record of any size is what was added, and leaves no file open");
        RUN(test_nonsense, "what is no JSON is damage");
        RUN(test_no_place, "a temporary directory that is missing is passed over");
        return tap_end();
}
