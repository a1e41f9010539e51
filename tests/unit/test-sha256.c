#include "tap.h"
#include "base/sha256.h"

static bool digest_is(const void *p, size_t n, const char *want)
{
        uint8_t d[SHA256_SIZE];
        char hex[SHA256_HEX_SIZE];

        sha256(p, n, d);
        sha256_hex(d, hex);
        return strcmp(hex, want) == 0;
}

/* FIPS 180-4's examples. */
static void known(void)
{
        static char a[1000000];

        memset(a, 'a', sizeof(a));
        CHECK(digest_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        CHECK(digest_is("abc", 3,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        CHECK(digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
        CHECK(digest_is(a, sizeof(a),
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

static void pieces(void)
{
        struct sha256 *s = sha256_new(), *fork = sha256_new();
        static uint8_t text[4096];

        for (int i = 0; i < 2000; i++) {
                uint8_t whole[SHA256_SIZE], so_far[SHA256_SIZE], d[SHA256_SIZE];
                size_t n = tap_below(sizeof(text)), at = 0, half = tap_below((unsigned)n + 1);

                for (size_t k = 0; k < n; k++)
                        text[k] = (uint8_t)tap_random();
                sha256(text, n, whole);
                sha256_reset(s);
                while (at < half) {
                        size_t k = 1 + tap_below(200);

                        k = k < half - at ? k : half - at;
                        sha256_add(s, text + at, k);
                        at += k;
                }
                sha256_copy(fork, s);
                sha256(text, half, so_far);
                sha256_digest(s, d);
                CHECK(memcmp(d, so_far, sizeof(d)) == 0);
                sha256_add(s, text + half, n - half);
                sha256_digest(s, d);
                CHECK(memcmp(d, whole, sizeof(d)) == 0);
                sha256_digest(s, d);
                CHECK(memcmp(d, whole, sizeof(d)) == 0);
                sha256_digest(fork, d);
                CHECK(memcmp(d, so_far, sizeof(d)) == 0);
        }
        CHECK(!sha256_free(s) && !sha256_free(fork) && !sha256_free(NULL));
}

static void hex(void)
{
        uint8_t d[SHA256_SIZE], back[SHA256_SIZE];
        char text[SHA256_HEX_SIZE];

        for (int i = 0; i < 1000; i++) {
                size_t at = tap_below(64);

                for (size_t k = 0; k < sizeof(d); k++)
                        d[k] = (uint8_t)tap_random();
                sha256_hex(d, text);
                CHECK(strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64);
                CHECK(sha256_unhex(text, 64, back) == 0 && memcmp(d, back, sizeof(d)) == 0);
                CHECK(sha256_unhex(text, 63, back) == -1);
                text[at] = "ABCDEFgG/:`@ \n\xff"[tap_below(15)];
                memset(back, 7, sizeof(back));
                CHECK(sha256_unhex(text, 64, back) == -1 && back[0] == 7 && back[31] == 7);
        }
        CHECK(sha256_unhex("", 0, back) == -1);
        CHECK(sha256_unhex(text, 65, back) == -1);
}

int main(void)
{
        RUN(known, "digests are those of the standard");
        RUN(pieces, "a digest is the same in any pieces, and goes on after it was read");
        RUN(hex, "a digest's text is 64 lower-case digits and reads back");
        return tap_end();
}
