/* Is there room to go on? Asked of a disk that has it, and of all kinds that have not; and what a start
 * on a full disk leaves there.
 *
 * LDFLAGS: -Wl,--wrap=openat,--wrap=fallocate,--wrap=pwrite,--wrap=fdatasync,--wrap=fstatvfs,
 * --wrap=ftruncate,--wrap=fsync */
#include "model.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

static struct disk {
        int unnamed, reserve, write, sync; /* errno of each, or 0 */
        uint64_t reserved, written;        /* bytes */
        uint64_t free_bytes;               /* or 0: as it is */
        unsigned interrupted;
        int truncate;     /* errno, or 0 */
        const char *only; /* write and sync fail for names that end so, or, if it ends in a slash,
                           * for what is below; NULL: for all */
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

int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

static bool is_meant(int fd)
{
        char link[64], path[SCRATCH_PATH_MAX] = "";
        const char *at;

        if (!disk.only)
                return true;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        at = readlink(link, path, sizeof(path) - 1) > 0 ? strstr(path, disk.only) : NULL;
        return at && (at[strlen(disk.only)] == '\0' || at[strlen(disk.only) - 1] == '/');
}

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
        if (disk.write && is_meant(fd))
                return fails(disk.write);
        disk.written += n;
        return __real_pwrite(fd, p, n, at);
}

int __wrap_fdatasync(int fd)
{
        return disk.sync && is_meant(fd) ? fails(disk.sync) : __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t n)
{
        return disk.truncate ? fails(disk.truncate) : __real_ftruncate(fd, n);
}

int __wrap_fsync(int fd)
{
        return disk.sync && is_meant(fd) ? fails(disk.sync) : __real_fsync(fd);
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

/* ---- a start on a full disk ---- */

static const char growing[] = "completions/archived=2026-11-22/00000001.jsonl.open";

/* A closed archive with this much in a segment, whose file has a tail, or whose ledger has. */
static struct model *cut_short(const char *file, size_t size)
{
        struct model *m = model_new(PACKING_NONE);
        struct buf b = BUF_INIT;
        size_t n;
        char *p;

        m->config.segment_size = 1 << 30;
        CHECK(model_open(m) == 0 && model_append(m, STREAM_COMPLETIONS, size) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
        model_close(m);
        p = scratch_read(m->dir, file, &n);
        buf_add(&b, p, n);
        buf_puts(&b, "a tail");
        scratch_write(m->dir, file, b.p, b.n, 0640);
        buf_done(&b);
        free(p);
        return m;
}

static unsigned kept(struct model *m)
{
        char path[SCRATCH_PATH_MAX];
        struct dirent *d;
        unsigned n = 0;
        DIR *dir;

        scratch_join(path, m->dir, "recovered");
        dir = opendir(path);
        while (dir && (d = readdir(dir)))
                n += d->d_name[0] != '.';
        if (dir)
                closedir(dir);
        return n;
}

/* With the disk as `full` has it: as often as it likes, nothing piles up. Then with room. */
static void start_again(struct model *m, struct disk full, int errnum, unsigned kept_meanwhile)
{
        disk = full;
        for (int i = 0; i < 3; i++) {
                CHECK(model_open(m) < 0 && m->err.kind == ERR_HOST && m->err.errnum == errnum);
                if (!CHECK(kept(m) == kept_meanwhile))
                        printf("# %u are kept\n", kept(m));
        }
        memset(&disk, 0, sizeof(disk));
        CHECK(model_open(m) == 0 && kept(m) == 1 && model_holds(m));
        model_free(m);
}

static void test_full_start(void)
{
        static const char copy[] = ".recover.tmp";

        start_again(cut_short(growing, 70000), (struct disk){ .write = ENOSPC, .only = copy },
                    ENOSPC, 0);
        start_again(cut_short(growing, 70000), (struct disk){ .sync = EIO, .only = copy }, EIO, 0);
        for (size_t i = 0; i < 2; i++) { /* the directory, the file in it */
                struct disk full = { .sync = EIO, .only = i ? "/recovered/" : "/recovered" };

                start_again(cut_short(growing, 70000), full, EIO, 0);
        }
        start_again(cut_short(LEDGER_FILE, 70000), (struct disk){ .truncate = EIO }, EIO, 0);
}

/* What was cut off already is not in the file any more. */
static void test_full_after_cut(void)
{
        struct disk full = { .sync = EIO, .only = "/completions/archived=2026-11-22" };

        start_again(cut_short(growing, 70000), full, EIO, 1);
}

static void test_full_before(void)
{
        struct model *m = cut_short(growing, 70000);
        struct disk full = { .free_bytes = 70000 };
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];

        scratch_sum(m->dir, CATALOG_FILE, true, before);
        disk = full;
        CHECK(model_open(m) < 0 && m->err.kind == ERR_HOST && m->err.errnum == ENOSPC);
        if (!CHECK(strstr(m->err.text, growing) != NULL))
                printf("# %s\n", m->err.text);
        scratch_sum(m->dir, CATALOG_FILE, true, after);
        CHECK(memcmp(before, after, sizeof(after)) == 0);
        start_again(m, full, ENOSPC, 0);
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
        RUN(test_full_start, "a start that fails leaves no copy of a tail that is still there");
        RUN(test_full_after_cut, "a tail that was cut off is kept, whatever fails then");
        RUN(test_full_before, "a copy that does not fit is not begun");
        return tap_end();
}
