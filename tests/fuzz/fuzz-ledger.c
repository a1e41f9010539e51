/* A ledger of any bytes. A line that is believed hashes to what it says, follows the one before, and
 * no step goes back; what is behind the chain's end is told as such.
 *
 * Input: a byte; odd: the lines of the rest get a right end first (prev, hash), so that what stands
 * between has a reader behind the digest, too. */
#include "fuzz.h"

#include "base/mem.h"
#include "store/ledger.h"

#include <openssl/sha.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_MAX 65536

static void hex(const void *p, size_t n, char out[static SHA256_HEX_SIZE])
{
        unsigned char sum[SHA256_DIGEST_LENGTH];

        SHA256(p, n, sum);
        for (size_t i = 0; i < sizeof(sum); i++)
                snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* The lines as a writer would end them; what stands for a line is up to the input. */
static void chain(const char *p, size_t n, struct buf *out)
{
        char prev[SHA256_HEX_SIZE] = LEDGER_ZERO;

        for (size_t i = 0, k; i < n; i += k + 1) {
                const char *end = memchr(p + i, '\n', n - i);
                size_t start = out->n;

                k = end ? (size_t)(end - p) - i : n - i;
                buf_add(out, p + i, k);
                buf_printf(out, ",\"prev\":\"%s\"", prev);
                hex(out->p + start, out->n - start, prev);
                buf_printf(out, ",\"hash\":\"%s\"}\n", prev);
        }
}

static void check_members(const struct ledger_line *l)
{
        static const char *const keys[] = { "seq", "group", "walk", "segment", "sha256", "state" };
        struct json found[sizeof(keys) / sizeof(keys[0])];
        uint64_t one, other;
        char text[64], again[64];

        json_members(&l->members, keys, sizeof(keys) / sizeof(keys[0]), found);
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                bool is = ledger_uint(&l->members, keys[i], &one);
                bool has = ledger_text(&l->members, keys[i], text, sizeof(text));

                REQUIRE(is == ledger_uint_of(&found[i], &other) && (!is || one == other));
                REQUIRE(has == ledger_text_of(&found[i], again, sizeof(again)));
                REQUIRE(!has || strcmp(text, again) == 0);
        }
}

static void check_line(const struct ledger_line *l, const struct buf *file,
                       const struct ledger_head *before)
{
        static const char mark[] = ",\"hash\":\"";
        size_t tail = strlen(mark) + 64 + 2;
        char digest[SHA256_HEX_SIZE], want[128];
        uint64_t seq;

        REQUIRE(l->offset == before->offset && l->offset + l->length + 1 == l->head.offset);
        REQUIRE(l->head.offset <= file->n && l->length > tail);
        REQUIRE(memcmp(l->text, file->p + l->offset, l->length) == 0);
        REQUIRE(file->p[l->head.offset - 1] == '\n');
        hex(l->text, l->length - tail, digest);
        snprintf(want, sizeof(want), "%s%s\"}", mark, digest);
        REQUIRE(memcmp(l->text + l->length - tail, want, tail) == 0);
        REQUIRE(strcmp(l->head.hash, digest) == 0);
        snprintf(want, sizeof(want), ",\"prev\":\"%s\"", before->hash);
        REQUIRE(memmem(l->text, l->length, want, strlen(want)));
        REQUIRE(l->head.seq == before->seq + 1 && l->proven);
        REQUIRE(ledger_uint(&l->members, "seq", &seq) && seq == l->head.seq);
        check_members(l);
}

static void read_all(int fd, const struct buf *file)
{
        struct ledger_head head = LEDGER_START;
        struct ledger_reader *r = ledger_reader_new(fd, &head);
        struct ledger_line l;
        const char *why;
        struct err e = { 0 };
        bool whole = true;
        uint64_t at = 0;
        int step;

        do {
                step = ledger_next(r, &l, &why, &e);
                REQUIRE(step >= 0);
                REQUIRE(l.offset >= at || step == LEDGER_END);
                at = l.offset;
                if (step == LEDGER_LINE && whole) {
                        check_line(&l, file, &head);
                        head = l.head;
                }
                if (step == LEDGER_BAD || step == LEDGER_TAIL)
                        REQUIRE(why && *why && l.offset + l.length <= file->n);
                if (step == LEDGER_TAIL)
                        REQUIRE(!memchr(file->p + l.offset, '\n', file->n - l.offset));
                whole = whole && step != LEDGER_BAD;
        } while (step == LEDGER_LINE || step == LEDGER_BAD);
        if (step == LEDGER_END && whole)
                REQUIRE(head.offset == file->n);
        ledger_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        unsigned how = fuzz_byte(&data, &n);
        static struct buf file;
        static int fd = -1;

        if (n > TEXT_MAX)
                return 0;
        if (fd < 0)
                fd = memfd_create("ledger", MFD_CLOEXEC);
        buf_clear(&file);
        if (how & 1)
                chain((const char *)data, n, &file);
        else
                buf_add(&file, data, n);
        buf_str(&file);
        REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, file.p, file.n, 0) == (ssize_t)file.n);
        read_all(fd, &file);
        return 0;
}
