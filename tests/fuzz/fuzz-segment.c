/* A stored frame of any bytes, in each packing: reading it ends, in text or in damage; its digest is
 * what another library says; and what was packed comes back as it was.
 *
 * Input: a byte for the packing and, from PACKED on, for a text that is packed first; the bytes. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "store/pack.h"
#include "store/unpack.h"

#include <openssl/sha.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_MAX 65536
#define PACKED   250        /* few: starting an encoder takes far longer than all else */
#define READ_MAX (4u << 20) /* bytes: a bomb is read no further */

static int keep(void *ctx, const void *p, size_t n, struct err *e)
{
        (void)e;
        buf_add(ctx, p, n);
        return 0;
}

static void pack_text(enum packing packing, const void *p, size_t n, struct buf *out)
{
        struct pack *pack;
        struct err e = { 0 };

        REQUIRE(pack_new(packing, packing == PACKING_NONE ? 0 : 1, keep, out, &pack, &e) == 0);
        REQUIRE(pack_add(pack, p, n, &e) == 0 && pack_finish(pack, &e) == 0);
        pack_free(pack);
}

static int unpack_all(int fd, size_t n, enum packing packing, struct buf *ret)
{
        struct unpack *u;
        struct err e = { 0 };
        const char *p;
        size_t k;

        if (unpack_open(fd, 0, n, packing, &u, &e) < 0) {
                REQUIRE(e.kind == ERR_DAMAGE && e.text[0] != '\0');
                return -1;
        }
        do {
                if (unpack_next(u, &p, &k, &e) < 0) {
                        REQUIRE(e.kind == ERR_DAMAGE && e.text[0] != '\0');
                        unpack_free(u);
                        return -1;
                }
                buf_add(ret, p, k);
        } while (k > 0 && ret->n < READ_MAX);
        unpack_free(u);
        return 0;
}

static void check_digest(int fd, const struct buf *file)
{
        uint8_t want[SHA256_SIZE], got[SHA256_SIZE];
        struct err e = { 0 };

        SHA256((const unsigned char *)file->p, file->n, want);
        REQUIRE(unpack_verify(fd, 0, file->n, want, got, &e) == 0);
        REQUIRE(memcmp(want, got, sizeof(want)) == 0);
        want[0] ^= 1;
        REQUIRE(unpack_verify(fd, 0, file->n, want, got, &e) == UNPACK_DIFFERS);
        REQUIRE(unpack_verify(fd, 0, file->n + 1, want, got, &e) == UNPACK_SHORT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        unsigned how = fuzz_byte(&data, &n);
        enum packing packing = how % PACKINGS;
        static struct buf file, text;
        static int fd = -1;
        int r;

        if (n == 0 || n > TEXT_MAX)
                return 0;
        if (fd < 0)
                fd = memfd_create("segment", MFD_CLOEXEC);
        buf_clear(&file);
        buf_clear(&text);
        if (how >= PACKED)
                pack_text(packing, data, n, &file);
        else
                buf_add(&file, data, n);
        REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, file.p, file.n, 0) == (ssize_t)file.n);
        r = unpack_all(fd, file.n, packing, &text);
        if (how >= PACKED)
                REQUIRE(r == 0 && text.n == n && memcmp(text.p, data, n) == 0);
        check_digest(fd, &file);
        return 0;
}
