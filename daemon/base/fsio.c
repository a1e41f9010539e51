#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

int fsio_write(int fd, const void *p, size_t n, uint64_t offset, const char *name, struct err *e)
{
        const char *at = p;

        while (n > 0) {
                ssize_t k = pwrite(fd, at, n, (off_t)offset);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return err_sys(e, k < 0 ? errno : EIO, "cannot write %s", name);
                at += k;
                n -= (size_t)k;
                offset += (uint64_t)k;
        }
        return 0;
}

int fsio_read(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n, const char *name,
              struct err *e)
{
        size_t done = 0;

        while (done < n) {
                ssize_t k = pread(fd, (char *)p + done, n - done, (off_t)(offset + done));

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return err_sys(e, errno, "cannot read %s", name);
                if (k == 0)
                        break;
                done += (size_t)k;
        }
        *ret_n = done;
        return 0;
}

static int copy_by_hand(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t n,
                        const char *name, struct err *e)
{
        char block[16384];

        while (n > 0) {
                size_t want = n < sizeof(block) ? (size_t)n : sizeof(block), got = 0;

                if (fsio_read(from, block, want, from_offset, &got, name, e) < 0)
                        return -1;
                if (got == 0)
                        return err_set(e, ERR_HOST, "cannot copy %s: it ends early", name);
                if (fsio_write(to, block, got, to_offset, name, e) < 0)
                        return -1;
                from_offset += got;
                to_offset += got;
                n -= got;
        }
        return 0;
}

int fsio_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t n,
              const char *name, struct err *e)
{
        while (n > 0) {
                off_t in = (off_t)from_offset, out = (off_t)to_offset;
                ssize_t k = copy_file_range(from, &in, to, &out, n < (1u << 30) ? n : 1u << 30, 0);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0) /* EXDEV, EINVAL, ENOSYS …; a real fault comes again by hand */
                        return copy_by_hand(from, from_offset, to, to_offset, n, name, e);
                from_offset += (uint64_t)k;
                to_offset += (uint64_t)k;
                n -= (uint64_t)k;
        }
        return 0;
}

int fsio_truncate(int fd, uint64_t length, const char *name, struct err *e)
{
        while (ftruncate(fd, (off_t)length) < 0) {
                if (errno != EINTR)
                        return err_sys(e, errno, "cannot cut %s back to %llu bytes", name,
                                       (unsigned long long)length);
        }
        return 0;
}

int fsio_datasync(int fd, const char *name, struct err *e)
{
        if (fdatasync(fd) < 0)
                return err_sys(e, errno, "cannot sync %s", name);
        return 0;
}

int fsio_sync(int fd, const char *name, struct err *e)
{
        if (fsync(fd) < 0)
                return err_sys(e, errno, "cannot sync %s", name);
        return 0;
}

int fsio_sync_dir(int dirfd, const char *path, struct err *e)
{
        _cleanup_close_ int fd = openat(dirfd, *path ? path : ".",
                                        O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return err_sys(e, errno, "cannot open directory %s", *path ? path : ".");
        return fsio_sync(fd, *path ? path : "the archive directory", e);
}

int fsio_rename(int dirfd, const char *from, const char *to, struct err *e)
{
        if (renameat(dirfd, from, dirfd, to) < 0)
                return err_sys(e, errno, "cannot rename %s to %s", from, to);
        return 0;
}

int fsio_mkdir(int dirfd, const char *path, struct err *e)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *parent = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
        bool made = mkdirat(dirfd, path, 0750) == 0;
        int r;

        if (!made) {
                struct stat st;
                int errnum = errno;

                if (errnum == EEXIST && fstatat(dirfd, path, &st, 0) < 0)
                        return err_sys(e, errno, "cannot see %s", path);
                if (errnum != EEXIST || !S_ISDIR(st.st_mode))
                        return err_sys(e, errnum, "cannot make directory %s", path);
        }
        /* Also if it was there: who made it may have been killed before this. */
        r = fsio_sync_dir(dirfd, slash == path ? "/" : parent, e);
        if (r < 0 && made) /* a second sync would not look at it again: it has to be made again */
                unlinkat(dirfd, path, AT_REMOVEDIR);
        return r;
}

int fsio_unlink(int dirfd, const char *path, struct err *e)
{
        if (unlinkat(dirfd, path, 0) < 0 && errno != ENOENT)
                return err_sys(e, errno, "cannot remove %s", path);
        return 0;
}

int fsio_unnamed(int dirfd, struct err *e)
{
        char name[] = ".spool-XXXXXX";
        int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd >= 0)
                return fd;
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
                return err_sys(e, errno, "cannot make a temporary file in the archive directory");
        for (unsigned i = 0; i < 1000; i++) {
                snprintf(name, sizeof(name), ".spool-%06u", i);
                fd = openat(dirfd, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
                if (fd >= 0) {
                        unlinkat(dirfd, name, 0);
                        return fd;
                }
                if (errno != EEXIST)
                        break;
        }
        return err_sys(e, errno, "cannot make a temporary file in the archive directory");
}

int fsio_slurp(int dirfd, const char *path, size_t max, char **ret, size_t *ret_n, struct err *e)
{
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_free_ char *p = NULL;
        size_t n;

        if (fd < 0)
                return err_sys(e, errno, "cannot open %s", path);
        p = mem_new(max + 2);
        for (n = 0; n <= max;) {
                ssize_t k = read(fd, p + n, max + 1 - n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return err_sys(e, errno, "cannot read %s", path);
                if (k == 0)
                        break;
                n += (size_t)k;
        }
        if (n > max)
                return err_set(e, ERR_HOST, "%s is longer than %zu bytes", path, max);
        p[n] = '\0';
        *ret = take_ptr(p);
        if (ret_n)
                *ret_n = n;
        return 0;
}

int fsio_free(int fd, uint64_t *ret, struct err *e)
{
        struct statvfs s;

        if (fstatvfs(fd, &s) < 0)
                return err_sys(e, errno, "cannot ask for the free space");
        *ret = (uint64_t)s.f_bavail * s.f_frsize;
        return 0;
}
