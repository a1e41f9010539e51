#include "ctl/reading.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Sealing renames X.open to X; a start after a crash may rename it back. Whoever has just looked
 * for the one name finds it under the other. */
#define ROUNDS 3

static int missing(struct err *e)
{
        err_set(e, ERR_DAMAGE, "it is missing");
        return READING_MISSING;
}

/* The disk says no: damage. The system says no: not ours to judge. */
static int failed(struct err *e)
{
        return e->errnum == EIO || e->errnum == EUCLEAN || e->errnum == ENODATA ? READING_UNREADABLE
                                                                                : -1;
}

static int open_file(int dirfd, const char *segment, int *ret, uint64_t *ret_length, struct err *e)
{
        char path[NAME_MAX_BYTES + sizeof(".open")];
        _cleanup_close_ int fd = -1;
        struct stat st;

        for (int i = 0; fd < 0 && i < 2 * ROUNDS; i++) {
                snprintf(path, sizeof(path), "%s%s", segment, i % 2 ? ".open" : "");
                fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
                if (fd < 0 && (errno == ELOOP || errno == ENXIO))
                        return missing(e);
                if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
                        err_sys(e, errno, "it cannot be opened");
                        return failed(e);
                }
        }
        if (fd < 0)
                return missing(e);
        if (fstat(fd, &st) < 0) {
                err_sys(e, errno, "it cannot be seen");
                return failed(e);
        }
        if (!S_ISREG(st.st_mode))
                return missing(e);
        *ret = take_fd(&fd);
        *ret_length = (uint64_t)st.st_size;
        return 0;
}

static int reach(uint64_t length, const struct frame_ref *frame, struct err *e)
{
        if (length >= frame->offset + frame->length)
                return 0;
        err_set(e, ERR_DAMAGE, "the file ends before the frame does");
        return READING_CUT;
}

/* ---- files that stay open ---- */

int reading_files_get(struct reading_files *f, enum stream stream, const char *segment,
                      struct reading_file **ret, struct err *e)
{
        struct reading_file *last = f->last[stream];
        uint64_t length;
        int fd, r;

        if (!last || strcmp(last->segment, segment) != 0) {
                r = open_file(f->dirfd, segment, &fd, &length, e);
                if (r != 0)
                        return r;
                reading_file_drop(last);
                f->last[stream] = last = mem_new(sizeof(*last));
                *last = (struct reading_file){ .fd = fd, .length = length, .refs = 1 };
                snprintf(last->segment, sizeof(last->segment), "%s", segment);
        }
        last->refs++;
        *ret = last;
        return 0;
}

struct reading_file *reading_file_drop(struct reading_file *f)
{
        if (f && --f->refs == 0) {
                close(f->fd);
                free(f);
        }
        return NULL;
}

void reading_files_done(struct reading_files *f)
{
        for (size_t i = 0; i < STREAMS; i++)
                f->last[i] = reading_file_drop(f->last[i]);
}

int reading_file_reach(const struct reading_file *f, const struct frame_ref *frame, struct err *e)
{
        return reach(f->length, frame, e);
}

/* ---- frames ---- */

static int verify(int fd, uint64_t offset, uint64_t length, const uint8_t *sum, const char *what,
                  struct err *e)
{
        int r = unpack_verify(fd, offset, length, sum, NULL, e);

        if (r < 0)
                return failed(e);
        if (r == UNPACK_SHORT) {
                err_set(e, ERR_DAMAGE, "the file ends before the frame does");
                return READING_CUT;
        }
        if (r == UNPACK_DIFFERS) {
                err_set(e, ERR_DAMAGE, "%s", what);
                return READING_DIFFERS;
        }
        return 0;
}

/* 0: proven, and *ret is open. */
static int open_text(int fd, uint64_t length, const struct frame_ref *frame, enum packing packing,
                     struct unpack **ret, struct err *e)
{
        int r = reach(length, frame, e);

        if (r == 0)
                r = verify(fd, frame->offset, frame->length, frame->sum,
                           "the frame's bytes have another digest than the ledger says", e);
        if (r == 0 && unpack_open(fd, frame->offset, frame->length, packing, ret, e) < 0)
                return e->kind == ERR_DAMAGE ? READING_BROKEN : failed(e);
        return r;
}

int reading_open(int dirfd, const struct frame_ref *frame, enum packing packing,
                 struct reading_text *ret, struct err *e)
{
        _cleanup_close_ int fd = -1;
        uint64_t length;
        int r;

        r = open_file(dirfd, frame->segment, &fd, &length, e);
        if (r == 0)
                r = open_text(fd, length, frame, packing, &ret->text, e);
        if (r == 0)
                ret->fd = take_fd(&fd);
        return r;
}

void reading_close(struct reading_text *r)
{
        unpack_free(r->text);
        close(r->fd);
}

struct count {
        uint64_t bytes, records;
        char last;
};

static void count(struct count *c, const char *p, size_t n)
{
        const char *end = p + n;

        c->bytes += n;
        c->last = end[-1];
        while ((p = memchr(p, '\n', (size_t)(end - p)))) {
                c->records++;
                p++;
        }
}

static int compare(const struct count *c, const struct frame_ref *frame, struct err *e)
{
        if (c->bytes != frame->bytes)
                err_set(e, ERR_DAMAGE, "the frame has %llu plain bytes, the ledger says %llu",
                        (unsigned long long)c->bytes, (unsigned long long)frame->bytes);
        else if (c->records != frame->records)
                err_set(e, ERR_DAMAGE, "the frame has %llu lines, the ledger says %llu",
                        (unsigned long long)c->records, (unsigned long long)frame->records);
        else if (c->last != '\n')
                err_set(e, ERR_DAMAGE, "the frame's last line has no newline");
        else
                return 0;
        return READING_BROKEN;
}

static int read_text(struct unpack *text, const struct frame_ref *frame, reading_sink sink,
                     void *ctx, struct err *e)
{
        struct count c = { 0 };
        const char *p;
        size_t n;

        for (;;) {
                if (unpack_next(text, &p, &n, e) < 0)
                        return e->kind == ERR_DAMAGE ? READING_BROKEN : failed(e);
                if (n == 0)
                        return compare(&c, frame, e);
                if (n > frame->bytes - c.bytes) { /* it could be without end */
                        err_set(e, ERR_DAMAGE,
                                "the frame has more plain bytes than the %llu that the ledger says",
                                (unsigned long long)frame->bytes);
                        return READING_BROKEN;
                }
                count(&c, p, n);
                if (sink && sink(ctx, p, n) != 0)
                        return READING_STOPPED;
        }
}

int reading_file_frame(const struct reading_file *f, const struct frame_ref *frame,
                       enum packing packing, reading_sink sink, void *ctx, struct err *e)
{
        struct unpack *text;
        int r = open_text(f->fd, f->length, frame, packing, &text, e);

        if (r != 0)
                return r;
        r = read_text(text, frame, sink, ctx, e);
        unpack_free(text);
        return r;
}

int reading_frame(int dirfd, const struct frame_ref *frame, enum packing packing, reading_sink sink,
                  void *ctx, struct err *e)
{
        struct reading_text text;
        int r = reading_open(dirfd, frame, packing, &text, e);

        if (r != 0)
                return r;
        r = read_text(text.text, frame, sink, ctx, e);
        reading_close(&text);
        return r;
}

int reading_file_prove(const struct reading_file *f, uint64_t length,
                       const uint8_t sum[static SHA256_SIZE], struct err *e)
{
        return verify(f->fd, 0, length, sum, "the file has another digest than its seal line says",
                      e);
}
