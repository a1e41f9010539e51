#include "store/segment.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536

static struct segment *segment_alloc(int dirfd, const struct name *name)
{
        struct segment *s = mem_new(sizeof(*s));

        s->dirfd = dirfd;
        s->fd = -1;
        s->name = *name;
        s->name.open = true;
        name_path(&s->name, s->path);
        s->sum = sha256_new();
        s->sum_committed = sha256_new();
        return s;
}

struct segment *segment_free(struct segment *s)
{
        if (!s)
                return NULL;
        if (s->fd >= 0)
                close(s->fd);
        sha256_free(s->sum);
        sha256_free(s->sum_committed);
        free(s);
        return NULL;
}

int segment_new(int dirfd, const struct name *name, struct segment **ret, struct err *e)
{
        struct segment *s = segment_alloc(dirfd, name);
        char dir[NAME_MAX_BYTES];

        if (fsio_mkdir(dirfd, stream_name(s->name.stream), e) < 0 ||
            fsio_mkdir(dirfd, name_dir(&s->name, dir), e) < 0)
                goto fail;
        s->fd = openat(dirfd, s->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640);
        if (s->fd < 0) {
                err_sys(e, errno, "cannot make %s", s->path);
                goto fail;
        }
        if (fsio_sync_dir(dirfd, name_dir(&s->name, dir), e) < 0) {
                fsio_unlink(dirfd, s->path, NULL);
                goto fail;
        }
        *ret = s;
        return 0;

fail:
        segment_free(s);
        return -1;
}

int segment_resume_telling(int dirfd, const struct name *name, uint64_t committed, usec_t first,
                           struct work *work, struct segment **ret, struct err *e)
{
        struct segment *s = segment_alloc(dirfd, name);
        char block[BLOCK];
        size_t n;

        s->fd = openat(dirfd, s->path, O_RDWR | O_CLOEXEC);
        if (s->fd < 0) {
                err_sys(e, errno, "cannot open %s", s->path);
                goto fail;
        }
        while (s->written < committed) {
                uint64_t left = committed - s->written;

                if (fsio_read(s->fd, block, left < BLOCK ? (size_t)left : BLOCK, s->written, &n,
                              s->path, e) < 0)
                        goto fail;
                if (n == 0) {
                        err_set(e, ERR_DAMAGE, "%s ends before its frames do", s->path);
                        goto fail;
                }
                sha256_add(s->sum, block, n);
                s->written += n;
                work_bytes(work, n);
        }
        segment_settle(s, first);
        *ret = s;
        return 0;

fail:
        segment_free(s);
        return -1;
}

int segment_resume(int dirfd, const struct name *name, uint64_t committed, usec_t first,
                   struct segment **ret, struct err *e)
{
        return segment_resume_telling(dirfd, name, committed, first, NULL, ret, e);
}

int segment_write(struct segment *s, const void *p, size_t n, struct err *e)
{
        if (fsio_write(s->fd, p, n, s->written, s->path, e) < 0)
                return -1;
        sha256_add(s->sum, p, n);
        s->written += n;
        return 0;
}

int segment_cut(struct segment *s, uint64_t length, struct err *e)
{
        uint64_t at = s->committed;
        char block[BLOCK];
        size_t n;

        if (fsio_truncate(s->fd, length, s->path, e) < 0)
                return -1;
        sha256_copy(s->sum, s->sum_committed);
        while (at < length) {
                uint64_t left = length - at;

                if (fsio_read(s->fd, block, left < BLOCK ? (size_t)left : BLOCK, at, &n, s->path,
                              e) < 0)
                        return -1;
                if (n == 0)
                        return err_set(e, ERR_HOST, "%s lost its end", s->path);
                sha256_add(s->sum, block, n);
                at += n;
        }
        s->written = length;
        return 0;
}

/* The file's bytes from `at` to `end` into the digest. */
static int digest_file(struct segment *s, int fd, uint64_t at, uint64_t end, struct work *work,
                       struct err *e)
{
        char block[BLOCK];
        size_t got;

        for (; at < end; at += got) {
                size_t want = end - at < BLOCK ? (size_t)(end - at) : BLOCK;

                if (fsio_read(fd, block, want, at, &got, "a temporary file", e) < 0)
                        return -1;
                if (got < want)
                        return err_set(e, ERR_HOST, "a temporary file lost its end");
                sha256_add(s->sum, block, got);
                work_bytes(work, got);
        }
        return 0;
}

/* No system call has more than a piece to copy, nor more than SEGMENT_UNSYNCED_MAX to sync. */
int segment_append_file(struct segment *s, int fd, uint64_t n, struct work *work, struct err *e)
{
        uint64_t unsynced = 0, piece;

        for (uint64_t done = 0; done < n; done += piece) {
                piece = n - done < SEGMENT_PIECE ? n - done : SEGMENT_PIECE;
                if (fsio_copy(fd, done, s->fd, s->written + done, piece, s->path, e) < 0)
                        return -1;
                if (digest_file(s, fd, done, done + piece, work, e) < 0)
                        return -1;
                unsynced += piece;
                if (unsynced < SEGMENT_UNSYNCED_MAX)
                        continue;
                if (segment_sync(s, e) < 0)
                        return SEGMENT_UNSYNCED;
                work_bytes(work, unsynced);
                unsynced = 0;
        }
        s->written += n;
        return 0;
}

int segment_sync(struct segment *s, struct err *e)
{
        return fsio_datasync(s->fd, s->path, e);
}

void segment_settle(struct segment *s, usec_t now)
{
        if (s->written == s->committed)
                return;
        if (s->first == 0)
                s->first = now;
        s->committed = s->written;
        sha256_copy(s->sum_committed, s->sum);
}

int segment_undo(struct segment *s, struct err *e)
{
        s->written = s->committed;
        sha256_copy(s->sum, s->sum_committed);
        if (s->committed == 0)
                return fsio_unlink(s->dirfd, s->path, e);
        return fsio_truncate(s->fd, s->committed, s->path, e);
}

int segment_seal(struct segment *s, char ret_path[static NAME_MAX_BYTES],
                 uint8_t ret_sum[static SHA256_SIZE], struct err *e)
{
        struct name name = s->name;
        char dir[NAME_MAX_BYTES], path[NAME_MAX_BYTES];

        name.open = false;
        name_path(&name, path);
        if (fchmod(s->fd, 0440) < 0)
                return err_sys(e, errno, "cannot change the mode of %s", s->path);
        if (fsio_sync(s->fd, s->path, e) < 0 || fsio_rename(s->dirfd, s->path, path, e) < 0 ||
            fsio_sync_dir(s->dirfd, name_dir(&name, dir), e) < 0)
                return -1;
        memcpy(ret_path, path, sizeof(path));
        sha256_digest(s->sum_committed, ret_sum);
        return 0;
}
