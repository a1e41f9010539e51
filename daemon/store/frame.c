#include "store/frame.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "store/pack.h"
#include "store/unpack.h"

#include <string.h>
#include <unistd.h>

struct frame {
        int dirfd;
        enum packing packing;
        int level;
        usec_t first;
        uint64_t records, bytes;

        /* waiting: first the file's bytes, then the memory's */
        char *text;
        size_t n;
        int fd;
        uint64_t filed;

        /* encoding */
        struct segment *segment;
        struct pack *pack;
        uint64_t offset;
        struct sha256 *sum;
};

struct frame *frame_new(int dirfd, enum packing packing, int level, usec_t now)
{
        struct frame *f = mem_new(sizeof(*f));

        f->dirfd = dirfd;
        f->packing = packing;
        f->level = level;
        f->first = now;
        f->fd = -1;
        return f;
}

struct frame *frame_free(struct frame *f)
{
        if (!f)
                return NULL;
        pack_free(f->pack);
        sha256_free(f->sum);
        if (f->fd >= 0)
                close(f->fd);
        free(f->text);
        free(f);
        return NULL;
}

static int write_stored(void *ctx, const void *p, size_t n, struct err *e)
{
        struct frame *f = ctx;

        if (segment_write(f->segment, p, n, e) < 0)
                return -1;
        sha256_add(f->sum, p, n);
        return 0;
}

/* What waited goes through the encoder. */
static int encode_waiting(struct frame *f, struct err *e)
{
        char block[65536];
        uint64_t at = 0;
        size_t n;

        while (at < f->filed) {
                uint64_t left = f->filed - at;

                if (fsio_read(f->fd, block, left < sizeof(block) ? (size_t)left : sizeof(block), at,
                              &n, "a temporary file", e) < 0)
                        return -1;
                if (n == 0)
                        return err_set(e, ERR_HOST, "a temporary file lost its end");
                if (pack_add(f->pack, block, n, e) < 0)
                        return -1;
                at += n;
        }
        if (f->n && pack_add(f->pack, f->text, f->n, e) < 0)
                return -1;
        free(take_ptr(f->text));
        f->n = 0;
        f->filed = 0;
        return 0;
}

int frame_encode(struct frame *f, struct segment *s, struct err *e)
{
        f->segment = s;
        f->offset = s->written;
        f->sum = sha256_new();
        if (pack_new(f->packing, f->level, write_stored, f, &f->pack, e) < 0)
                return -1;
        return encode_waiting(f, e);
}

bool frame_encodes(const struct frame *f)
{
        return f->pack != NULL;
}

static int wait_add(struct frame *f, const void *p, size_t n, struct err *e)
{
        const char *at = p;

        while (n > 0) {
                size_t piece = n < FRAME_MEMORY ? n : FRAME_MEMORY;

                if (f->n + piece > FRAME_MEMORY) {
                        if (f->fd < 0)
                                f->fd = fsio_unnamed(f->dirfd, e);
                        if (f->fd < 0 ||
                            fsio_write(f->fd, f->text, f->n, f->filed, "a temporary file", e) < 0)
                                return -1;
                        f->filed += f->n;
                        f->n = 0;
                }
                if (!f->text)
                        f->text = mem_new(FRAME_MEMORY);
                memcpy(f->text + f->n, at, piece);
                f->n += piece;
                at += piece;
                n -= piece;
        }
        return 0;
}

int frame_add(struct frame *f, const void *p, size_t n, uint64_t records, struct err *e)
{
        f->records += records;
        f->bytes += n;
        return f->pack ? pack_add(f->pack, p, n, e) : wait_add(f, p, n, e);
}

/* What was encoded so far is read back as plain text that waits. */
static int decode(struct frame *f, uint64_t bytes, struct err *e)
{
        struct unpack *u;
        const char *p;
        int r = 0;

        if (pack_finish(f->pack, e) < 0)
                return -1;
        f->pack = pack_free(f->pack);
        f->sum = sha256_free(f->sum);
        if (unpack_open(f->segment->fd, f->offset, f->segment->written - f->offset, f->packing, &u,
                        e) < 0)
                return -1;
        while (r == 0 && bytes > 0) {
                size_t n;

                r = unpack_next(u, &p, &n, e);
                if (r == 0 && n == 0)
                        r = err_set(e, ERR_HOST, "an open frame lost its end");
                if (r < 0)
                        break;
                if (n > bytes)
                        n = (size_t)bytes;
                r = wait_add(f, p, n, e);
                bytes -= n;
        }
        unpack_free(u);
        return r < 0 ? -1 : segment_cut(f->segment, f->offset, e);
}

int frame_cut(struct frame *f, uint64_t records, uint64_t bytes, struct err *e)
{
        f->records = records;
        f->bytes = bytes;
        if (f->pack)
                return decode(f, bytes, e);
        if (bytes < f->filed) {
                f->filed = bytes;
                f->n = 0;
        } else {
                f->n = (size_t)(bytes - f->filed);
        }
        return 0;
}

uint64_t frame_records(const struct frame *f)
{
        return f->records;
}

uint64_t frame_bytes(const struct frame *f)
{
        return f->bytes;
}

usec_t frame_first(const struct frame *f)
{
        return f->first;
}

int frame_finish(struct frame *f, struct frame_ref *ret, struct err *e)
{
        struct name name = f->segment->name;

        if (pack_finish(f->pack, e) < 0)
                return -1;
        name.open = false;
        ret->stream = name.stream;
        name_path(&name, ret->segment);
        ret->offset = f->offset;
        ret->length = f->segment->written - f->offset;
        sha256_digest(f->sum, ret->sum);
        ret->records = f->records;
        ret->bytes = f->bytes;
        return 0;
}
