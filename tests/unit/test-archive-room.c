/* Is there room to go on? Asked of a disk that has it, and of all kinds that have not.
 *
 * LDFLAGS: -Wl,--wrap=openat,--wrap=fallocate,--wrap=pwrite,--wrap=fdatasync,--wrap=fstatvfs */
#include "model.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

static struct {
        int unnamed, reserve, write, sync; /* errno of each, or 0 */
        uint64_t reserved, written;        /* bytes */
        uint64_t free_bytes;               /* or 0: as it is */
        unsigned interrupted;
} disk;

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __real_fallocate(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate(int fd, int mode, off_t at, off_t n);
ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret);

static int fails(int errnum)
{
        errno = errnum;
        return -1;
}

int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
        mode_t mode = 0;
        va_list ap;

        va_start(ap, flags);
        if (flags & (O_CREAT | O_TMPFILE))
                mode = va_arg(ap, mode_t);
        va_end(ap);
        return disk.unnamed ? fails(disk.unnamed) : __real_openat(dirfd, path, flags, mode);
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t n)
{
        if (disk.interrupted > 0 && disk.interrupted--)
                return fails(EINTR);
        if (disk.reserve)
                return fails(disk.reserve);
        disk.reserved += (uint64_t)n;
        return __real_fallocate(fd, mode, at, n);
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
        if (disk.write)
                return fails(disk.write);
        disk.written += n;
        return __real_pwrite(fd, p, n, at);
}

int __wrap_fdatasync(int fd)
{
        return disk.sync ? fails(disk.sync) : __real_fdatasync(fd);
}

int __wrap_fstatvfs(int fd, struct statvfs *ret)
{
        int r = __real_fstatvfs(fd, ret);

        if (disk.free_bytes) {
                ret->f_frsize = 1;
                ret->f_bavail = disk.free_bytes;
        }
        return r;
}

static struct model *model;

/* 0, or the error's number; the directory is the same afterwards. */
static int ask(void)
{
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
        struct err e = { 0 };
        int r;

        disk.reserved = disk.written = 0;
        scratch_sum(model->dir, NULL, true, before);
        r = archive_room(model->a, &e);
        memset(&disk, 0, offsetof(typeof(disk), reserved));
        disk.free_bytes = 0;
        scratch_sum(model->dir, NULL, true, after);
        CHECK(memcmp(before, after, sizeof(after)) == 0);
        if (r == 0)
                return 0;
        CHECK(r == -1 && e.kind == ERR_HOST && *e.text && e.errnum != 0);
        return e.errnum;
}

static void test_room(void)
{
        CHECK(ask() == 0);
        CHECK(disk.reserved == model->config.frame_size);
        CHECK(disk.written > 0 && disk.written <= 65536);
        disk.interrupted = 2;
        CHECK(ask() == 0);
        CHECK(disk.reserved == model->config.frame_size);
}

static void test_min_free(void)
{
        disk.free_bytes = model->config.min_free - 1;
        CHECK(ask() == ENOSPC);
        CHECK(disk.reserved == 0 && disk.written == 0);
        disk.free_bytes = model->config.min_free;
        CHECK(ask() == 0);
        CHECK(archive_room(model->a, NULL) == 0);
        disk.free_bytes = 1;
        CHECK(archive_room(model->a, NULL) == -1);
        disk.free_bytes = 0;
}

static void test_failing(void)
{
        static const int errors[] = { ENOSPC, EDQUOT, EROFS, EIO };

        for (size_t i = 0; i < ELEMENTS(errors); i++) {
                disk.unnamed = errors[i];
                CHECK(ask() == errors[i]);
                disk.reserve = errors[i];
                CHECK(ask() == errors[i]);
                disk.write = errors[i];
                CHECK(ask() == errors[i]);
                disk.sync = errors[i];
                CHECK(ask() == errors[i]);
        }
}

/* Then as much is written, and has to come to the disk. */
static void test_no_reserving(void)
{
        static const int none[] = { EOPNOTSUPP, ENOSYS };

        for (size_t i = 0; i < ELEMENTS(none); i++) {
                disk.reserve = none[i];
                CHECK(ask() == 0);
                CHECK(disk.reserved == 0 && disk.written == model->config.frame_size);
                disk.reserve = none[i];
                disk.write = ENOSPC;
                CHECK(ask() == ENOSPC);
                disk.reserve = none[i];
                disk.sync = ENOSPC;
                CHECK(ask() == ENOSPC);
        }
}

/* A limit that statvfs knows nothing of. */
static void test_limit(void)
{
        struct rlimit old, small;

        signal(SIGXFSZ, SIG_IGN);
        CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
        small = old;
        small.rlim_cur = (rlim_t)model->config.frame_size - 1;
        CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
        CHECK(ask() == EFBIG);
        disk.reserve = EOPNOTSUPP;
        CHECK(ask() == EFBIG);
        small.rlim_cur = (rlim_t)model->config.frame_size;
        CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
        CHECK(ask() == 0);
        CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
}

/* In the middle of a group; it stays as it is. */
static void test_between(void)
{
        CHECK(model_append(model, STREAM_COMPLETIONS, 1000) == 0);
        CHECK(ask() == 0);
        disk.reserve = ENOSPC;
        CHECK(ask() == ENOSPC);
        CHECK(model_append(model, STREAM_COMPLETIONS, 1000) == 0);
        CHECK(model_commit(model, NULL, NULL) == 0 && model_holds(model));
}

int main(void)
{
        model = model_new(PACKING_ZSTD);
        model->config.frame_size = 300001;
        model->config.min_free = 1 << 20;
        CHECK(model_open(model) == 0);
        RUN(test_room, "where there is room, it is reserved and written to, and nothing stays");
        RUN(test_min_free, "less than MinFree is no room");
        RUN(test_failing, "whichever step fails, its error is told");
        RUN(test_no_reserving, "where nothing can be reserved, all of it is written");
        RUN(test_limit, "a limit on the size of files is met");
        RUN(test_between, "a group that is open is not touched");
        model_free(model);
        return tap_end();
}
