#include "store/archive_core.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BLOCK 65536

int archive_check_space(struct archive *a, struct err *e)
{
        uint64_t free_bytes;

        if (a->config.min_free == 0)
                return 0;
        if (fsio_free(a->dirfd, &free_bytes, e) < 0)
                return -1;
        if (free_bytes < a->config.min_free) {
                err_set(e, ERR_HOST,
                        "the disk is full: %llu MiB are free, MinFree= asks for %llu MiB",
                        (unsigned long long)(free_bytes >> 20),
                        (unsigned long long)(a->config.min_free >> 20));
                if (e)
                        e->errnum = ENOSPC;
                return -1;
        }
        return 0;
}

int archive_check_copy(struct archive *a, uint64_t n, const char *path, struct err *e)
{
        uint64_t free_bytes;

        if (fsio_free(a->dirfd, &free_bytes, e) < 0)
                return -1;
        if (free_bytes >= n)
                return 0;
        err_set(e, ERR_HOST, "the disk is full: %llu KiB are free, a copy of %s takes %llu KiB",
                (unsigned long long)(free_bytes >> 10), path, (unsigned long long)(n >> 10));
        if (e)
                e->errnum = ENOSPC;
        return -1;
}

/* Written where nothing can be reserved. Not zeros: some file systems keep no room for those. */
static int fill(int fd, uint64_t n, struct err *e)
{
        char block[BLOCK];

        for (size_t i = 0; i < sizeof(block); i++)
                block[i] = (char)((i * i * 40503u) >> 7);
        for (uint64_t at = 0; at < n; at += BLOCK)
                if (fsio_write(fd, block, n - at < BLOCK ? (size_t)(n - at) : BLOCK, at,
                               "a temporary file", e) < 0)
                        return -1;
        return fsio_datasync(fd, "a temporary file", e);
}

int archive_room(struct archive *a, struct err *e)
{
        uint64_t n = a->config.frame_size > BLOCK ? a->config.frame_size : BLOCK;
        _cleanup_close_ int fd = -1;
        int r;

        if (archive_check_space(a, e) < 0)
                return -1;
        fd = fsio_unnamed(a->dirfd, e);
        if (fd < 0)
                return -1;
        do
                r = fallocate(fd, 0, 0, (off_t)n);
        while (r < 0 && errno == EINTR);
        if (r < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
                return err_sys(e, errno, "cannot reserve %llu KiB in the archive directory",
                               (unsigned long long)(n >> 10));
        /* Reserved or not, something has to come to the disk: a file system that reserves may fail
         * there all the same. */
        return fill(fd, r < 0 ? n : BLOCK, e);
}
