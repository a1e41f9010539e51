#include "tap.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The system as the tests want it: calls that do a part only, are interrupted, or fail. */
static bool ragged;   /* reads and writes are short or interrupted */
static int copy_fail; /* copy_file_range fails so; 0: it works */
static int sync_fail; /* fsync and fdatasync fail so */
static unsigned syncs;
static ino_t synced; /* by the last fsync */

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
        if (ragged && tap_below(3) == 0)
                return errno = EINTR, -1;
        if (ragged && n > 0)
                n = 1 + tap_below((unsigned)n);
        return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
        if (ragged && tap_below(3) == 0)
                return errno = EINTR, -1;
        if (ragged && n > 0)
                n = 1 + tap_below((unsigned)n);
        return syscall(SYS_pread64, fd, p, n, at);
}

ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n, unsigned flags)
{
        if (ragged && tap_below(3) == 0)
                return errno = EINTR, -1;
        if (copy_fail && tap_below(2) == 0)
                return errno = copy_fail, -1;
        if (ragged && n > 0)
                n = 1 + tap_below((unsigned)n);
        return syscall(SYS_copy_file_range, in, in_at, out, out_at, n, flags);
}

/* A file system without O_TMPFILE, where some of the other names are taken. */
static int no_tmpfile;

int openat(int fd, const char *path, int flags, ...)
{
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE)
                return errno = no_tmpfile, -1;
        return (int)syscall(SYS_openat, fd, path, flags, mode);
}

static int count_sync(int fd)
{
        struct stat st;

        syncs++;
        if (fstat(fd, &st) == 0)
                synced = st.st_ino;
        return sync_fail ? (errno = sync_fail, -1) : 0;
}

int fsync(int fd)
{
        return count_sync(fd);
}

int fdatasync(int fd)
{
        return count_sync(fd);
}

static int dir = -1;

static void dir_open(void)
{
        char name[] = "/tmp/test-fsio.XXXXXX";

        if (!mkdtemp(name) || (dir = open(name, O_RDONLY | O_DIRECTORY)) < 0)
                abort();
}

static void dir_close(void)
{
        char link[64], path[256];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        n = readlink(link, path, sizeof(path) - 1);
        if (n <= 0)
                abort();
        path[n] = '\0';
        close(dir);
        if (fork() == 0) {
                execlp("rm", "rm", "-rf", path, NULL);
                _exit(1);
        }
        wait(NULL);
}

static int file(const char *name)
{
        return openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static ino_t inode(const char *name)
{
        struct stat st;

        return fstatat(dir, name, &st, 0) == 0 ? st.st_ino : 0;
}

static void whole(void)
{
        _cleanup_close_ int fd = file("whole");
        static char model[20000], text[20000];
        struct err e;
        size_t n;

        ragged = true;
        for (int i = 0; i < 300; i++) {
                unsigned at = tap_below(10000), k = tap_below(10000);

                for (unsigned j = 0; j < k; j++)
                        model[at + j] = (char)tap_random();
                CHECK(fsio_write(fd, model + at, k, at, "x", &e) == 0);
        }
        CHECK(ftruncate(fd, 20000) == 0);
        for (int i = 0; i < 300; i++) {
                unsigned at = tap_below(21000), k = tap_below(20000);
                size_t left = at < 20000 ? 20000 - at : 0;

                CHECK(fsio_read(fd, text, k, at, &n, "x", &e) == 0);
                CHECK(n == (k < left ? k : left));
                CHECK(memcmp(text, model + (at < 20000 ? at : 0), n) == 0);
        }
        ragged = false;
}

static void copies(void)
{
        static const int faults[] = { 0, EXDEV, EINVAL, ENOSYS, EOPNOTSUPP };
        static char model[100000], text[100000];
        struct err e;
        size_t n;

        for (size_t k = 0; k < sizeof(model); k++)
                model[k] = (char)tap_random();
        for (int i = 0; i < 100; i++) {
                _cleanup_close_ int from = file("from"), to = file("to");
                unsigned at = tap_below(50000), length = tap_below(50000), past = tap_below(1000);

                CHECK(fsio_write(from, model, sizeof(model), 0, "x", &e) == 0);
                ragged = tap_below(2);
                copy_fail = faults[tap_below(ELEMENTS(faults))];
                CHECK(fsio_copy(from, at, to, past, length, "x", &e) == 0);
                ragged = false;
                copy_fail = 0;
                CHECK(fsio_read(to, text, sizeof(text), past, &n, "x", &e) == 0);
                CHECK(n == length && memcmp(text, model + at, n) == 0);
                CHECK(fsio_copy(from, 99999, to, 0, 2, "from", &e) == -1 && e.kind == ERR_HOST);
        }
}

static void truncates(void)
{
        _cleanup_close_ int fd = file("cut");
        struct stat st;
        struct err e;

        CHECK(fsio_write(fd, "abcdef", 6, 0, "x", &e) == 0 && fsio_truncate(fd, 2, "x", &e) == 0);
        CHECK(fstat(fd, &st) == 0 && st.st_size == 2);
}

static void failures(void)
{
        _cleanup_close_ int fd = openat(dir, ".", O_RDONLY);
        _cleanup_close_ int full = open("/dev/full", O_RDWR);
        struct err e;
        char c;
        size_t n = 77;

        CHECK(fsio_write(full, "x", 1, 0, "the ledger", &e) == -1 && e.errnum == ENOSPC);
        CHECK(strcmp(e.text, "cannot write the ledger: No space left on device") == 0);
        CHECK(fsio_read(fd, &c, 1, 0, &n, "it", &e) == -1 && e.errnum == EISDIR && n == 77);
        CHECK(fsio_truncate(fd, 0, "it", &e) == -1 && e.kind == ERR_HOST);
        CHECK(fsio_rename(dir, "none", "other", &e) == -1 && strstr(e.text, "none"));
        CHECK(fsio_sync_dir(dir, "none", &e) == -1 && strstr(e.text, "none"));
}

static void sync_once(void)
{
        _cleanup_close_ int fd = file("synced");
        struct err e;

        sync_fail = EIO;
        syncs = 0;
        CHECK(fsio_sync(fd, "it", &e) == -1 && e.errnum == EIO && syncs == 1);
        CHECK(fsio_datasync(fd, "it", &e) == -1 && e.errnum == EIO && syncs == 2);
        CHECK(fsio_sync_dir(dir, "", &e) == -1 && syncs == 3);
        sync_fail = EINTR;
        CHECK(fsio_datasync(fd, "it", &e) == -1 && syncs == 4);
        sync_fail = 0;
        CHECK(fsio_datasync(fd, "it", &e) == 0 && syncs == 5 && synced == inode("synced"));
        CHECK(fsio_sync_dir(dir, "", &e) == 0 && synced == inode("."));
}

static void directories(void)
{
        struct stat st;
        struct err e;

        umask(0027);
        CHECK(fsio_mkdir(dir, "a", &e) == 0 && synced == inode("."));
        CHECK(fsio_mkdir(dir, "a/b", &e) == 0 && synced == inode("a"));
        CHECK(fstatat(dir, "a/b", &st, 0) == 0 && (st.st_mode & 07777) == 0750);
        synced = 0;
        CHECK(fsio_mkdir(dir, "a/b", &e) == 0 && synced == inode("a"));
        CHECK(fsio_mkdir(dir, "none/b", &e) == -1 && e.errnum == ENOENT);
        close(file("plain"));
        CHECK(fsio_mkdir(dir, "plain", &e) == -1 && e.errnum == EEXIST);
        sync_fail = EIO;
        CHECK(fsio_mkdir(dir, "a/c", &e) == -1 && e.errnum == EIO);
        sync_fail = 0;
}

static void names(void)
{
        struct err e;

        close(file("one"));
        CHECK(fsio_rename(dir, "one", "two", &e) == 0 && inode("two") && !inode("one"));
        CHECK(fsio_unlink(dir, "two", &e) == 0 && !inode("two"));
        CHECK(fsio_unlink(dir, "two", &e) == 0);
        CHECK(fsio_mkdir(dir, "d", &e) == 0 && fsio_unlink(dir, "d", &e) == -1);
}

static unsigned entries(void)
{
        DIR *d = fdopendir(openat(dir, ".", O_RDONLY));
        unsigned n = 0;

        while (readdir(d))
                n++;
        closedir(d);
        return n;
}

static void unnamed(void)
{
        static const int faults[] = { EOPNOTSUPP, EISDIR, ENOENT };
        unsigned before = entries();
        struct err e;
        _cleanup_close_ int a = fsio_unnamed(dir, &e), b = fsio_unnamed(dir, &e);
        char text[4];
        size_t n;

        CHECK(a >= 0 && b >= 0 && a != b && entries() == before);
        CHECK(fcntl(a, F_GETFD) & FD_CLOEXEC);
        CHECK(fsio_write(a, "abc", 3, 0, "x", &e) == 0 && fsio_write(b, "z", 1, 0, "x", &e) == 0);
        CHECK(fsio_read(a, text, 4, 0, &n, "x", &e) == 0 && n == 3 && memcmp(text, "abc", 3) == 0);
        CHECK(fsio_unnamed(-1, &e) == -1 && e.kind == ERR_HOST);
        for (size_t i = 0; i < ELEMENTS(faults); i++) {
                _cleanup_close_ int c = -1;

                close(file(".spool-000000"));
                close(file(".spool-000001"));
                no_tmpfile = faults[i];
                c = fsio_unnamed(dir, &e);
                CHECK(c >= 0 && entries() == before + 2);
                CHECK(fsio_write(c, "abc", 3, 0, "x", &e) == 0);
        }
        no_tmpfile = EIO;
        CHECK(fsio_unnamed(dir, &e) == -1 && e.errnum == EIO);
        no_tmpfile = EOPNOTSUPP;
        CHECK(fsio_unnamed(-1, &e) == -1 && e.kind == ERR_HOST);
        no_tmpfile = 0;
}

static void slurps(void)
{
        _cleanup_close_ int fd = file("short");
        char *text = NULL;
        struct err e;
        size_t n;

        CHECK(fsio_slurp(dir, "short", 0, &text, &n, &e) == 0 && n == 0 && *text == '\0');
        free(take_ptr(text));
        CHECK(fsio_write(fd, "ab\0cd", 5, 0, "x", &e) == 0);
        CHECK(fsio_slurp(dir, "short", 5, &text, &n, &e) == 0 && n == 5);
        CHECK(memcmp(text, "ab\0cd", 6) == 0);
        free(take_ptr(text));
        CHECK(fsio_slurp(dir, "short", 4, &text, &n, &e) == -1 && e.kind == ERR_HOST && !text);
        CHECK(fsio_slurp(dir, "none", 4, &text, NULL, &e) == -1 && e.errnum == ENOENT && !text);
        CHECK(fsio_slurp(dir, ".", 4, &text, NULL, &e) == -1 && e.errnum == EISDIR && !text);
}

static void room(void)
{
        uint64_t n = 0;
        struct err e;

        CHECK(fsio_free(dir, &n, &e) == 0 && n > 0 && n % 512 == 0);
        CHECK(fsio_free(-1, &n, &e) == -1 && e.errnum == EBADF);
}

int main(void)
{
        dir_open();
        RUN(whole, "short and interrupted calls are carried on until all is done");
        RUN(copies, "bytes are copied whole, by the kernel or by hand");
        RUN(truncates, "a file is cut back to a length");
        RUN(failures, "a failure says what was attempted on which file");
        RUN(sync_once, "a sync that failed is not tried again");
        RUN(directories, "a directory is durable in its parent, also one that was there");
        RUN(names, "names are changed and removed");
        RUN(unnamed, "a file without a name leaves none");
        RUN(slurps, "a short file is read whole or not at all");
        RUN(room, "free space is told in bytes");
        dir_close();
        return tap_end();
}
