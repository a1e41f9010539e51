#include "store/unpack.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#define BLOCK 65536

struct unpack {
        struct archive *archive; /* NULL: no compression */
        int fd;
        uint64_t offset, left; /* stored bytes not read yet */
        struct work *work;     /* counts the text, or NULL */
        bool failed;           /* to read the file; err says why */
        struct err err;
        char block[BLOCK];
};

static const int filters[PACKINGS] = {
        [PACKING_GZIP] = ARCHIVE_FILTER_GZIP,
        [PACKING_XZ] = ARCHIVE_FILTER_XZ,
        [PACKING_LZ4] = ARCHIVE_FILTER_LZ4,
        [PACKING_ZSTD] = ARCHIVE_FILTER_ZSTD,
};

static int verify(int fd, uint64_t offset, uint64_t length, const uint8_t *expected, uint8_t *ret,
                  struct work *work, struct err *e)
{
        struct sha256 *sum = sha256_new();
        uint8_t digest[SHA256_SIZE];
        char block[BLOCK];
        int r = 0;

        while (length > 0 && r == 0) {
                size_t want = length < BLOCK ? (size_t)length : BLOCK, n;

                r = fsio_read(fd, block, want, offset, &n, "the segment", e);
                if (r == 0 && n < want)
                        r = UNPACK_SHORT;
                if (r == 0)
                        sha256_add(sum, block, n);
                offset += want;
                length -= want;
                work_bytes(work, want);
        }
        if (r == 0) {
                sha256_digest(sum, digest);
                if (ret)
                        memcpy(ret, digest, sizeof(digest));
                if (expected && memcmp(digest, expected, sizeof(digest)) != 0)
                        r = UNPACK_DIFFERS;
        }
        sha256_free(sum);
        return r;
}

int unpack_verify(int fd, uint64_t offset, uint64_t length, const uint8_t *expected, uint8_t *ret,
                  struct err *e)
{
        return verify(fd, offset, length, expected, ret, NULL, e);
}

int unpack_prove(int fd, uint64_t offset, uint64_t length,
                 const uint8_t expected[static SHA256_SIZE], struct work *work, struct err *e)
{
        return verify(fd, offset, length, expected, NULL, work, e);
}

static la_ssize_t read_cb(struct archive *archive, void *ctx, const void **ret)
{
        struct unpack *u = ctx;
        size_t want = u->left < BLOCK ? (size_t)u->left : BLOCK, n;

        if (want == 0)
                return 0;
        if (fsio_read(u->fd, u->block, want, u->offset, &n, "the segment", &u->err) < 0 ||
            (n == 0 && err_set(&u->err, ERR_DAMAGE, "the segment ends within the frame") < 0)) {
                u->failed = true;
                if (archive)
                        archive_set_error(archive, EIO, "read failed");
                return -1;
        }
        u->offset += n;
        u->left -= n;
        *ret = u->block;
        return (la_ssize_t)n;
}

static int broken(struct unpack *u, struct err *e)
{
        const char *text;

        if (u->failed) {
                if (e)
                        *e = u->err;
                return -1;
        }
        text = archive_error_string(u->archive);
        return err_set(e, ERR_DAMAGE, "cannot decompress: %s", text ? text : "it ends early");
}

int unpack_open(int fd, uint64_t offset, uint64_t length, enum packing packing, struct unpack **ret,
                struct err *e)
{
        struct unpack *u = mem_new(sizeof(*u));
        struct archive_entry *entry;

        u->fd = fd;
        u->offset = offset;
        u->left = length;
        if (packing != PACKING_NONE) {
                u->archive = archive_read_new();
                if (!u->archive)
                        abort();
                /* One filter, named rather than guessed: left to bid, libarchive would hand out a
                 * frame whose magic is damaged as if it were plain text. */
                if (archive_read_set_format(u->archive, ARCHIVE_FORMAT_RAW) != ARCHIVE_OK ||
                    archive_read_append_filter(u->archive, filters[packing]) != ARCHIVE_OK ||
                    archive_read_open(u->archive, u, NULL, read_cb, NULL) != ARCHIVE_OK ||
                    archive_read_next_header(u->archive, &entry) != ARCHIVE_OK) {
                        broken(u, e);
                        unpack_free(u);
                        return -1;
                }
        }
        *ret = u;
        return 0;
}

void unpack_tell(struct unpack *u, struct work *work)
{
        u->work = work;
}

int unpack_next(struct unpack *u, const char **ret, size_t *ret_n, struct err *e)
{
        const void *p = NULL;
        la_int64_t at;
        size_t n = 0;
        int r;

        if (!u->archive) {
                la_ssize_t k = read_cb(NULL, u, &p);

                if (k < 0)
                        return broken(u, e);
                *ret = p;
                *ret_n = (size_t)k;
                work_bytes(u->work, *ret_n);
                return 0;
        }
        do
                r = archive_read_data_block(u->archive, &p, &n, &at);
        while (r == ARCHIVE_OK && n == 0);
        /* Some filters take a read that failed for the end. */
        if (u->failed || (r != ARCHIVE_OK && r != ARCHIVE_EOF))
                return broken(u, e);
        *ret = p;
        *ret_n = r == ARCHIVE_EOF ? 0 : n;
        work_bytes(u->work, *ret_n);
        return 0;
}

struct unpack *unpack_free(struct unpack *u)
{
        if (!u)
                return NULL;
        if (u->archive)
                archive_read_free(u->archive);
        free(u);
        return NULL;
}
