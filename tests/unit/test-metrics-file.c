/* How the file is written: whole, and nothing beside it, whatever fails. Each system call of it goes
 * through here first (-Wl,--wrap). */
#include "prom.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- system calls ---- */

enum fault { FAULT_NONE, FAULT_EIO, FAULT_ENOSPC, FAULT_SHORT, FAULT_KILL };

static struct {
        enum fault how;
        unsigned calls, at; /* at: the call that fails */
        bool fired;
} faults;

int __real_openat(int dirfd, const char *name, int flags, ...);
int __wrap_openat(int dirfd, const char *name, int flags, ...);
ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t offset);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __real_unlinkat(int dirfd, const char *name, int flags);
int __wrap_unlinkat(int dirfd, const char *name, int flags);

/* True: this call is to fail, errno says how. */
static bool failing(void)
{
        if (faults.how == FAULT_NONE || faults.calls++ != faults.at)
                return false;
        if (faults.how == FAULT_KILL)
                _exit(7);
        faults.fired = true;
        errno = faults.how == FAULT_ENOSPC ? ENOSPC : EIO;
        return faults.how != FAULT_SHORT;
}

int __wrap_openat(int dirfd, const char *name, int flags, ...)
{
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
        return failing() ? -1 : __real_openat(dirfd, name, flags, mode);
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t offset)
{
        bool before = faults.fired;

        if (failing())
                return -1;
        return __real_pwrite(fd, p, faults.fired && !before ? (n + 1) / 2 : n, offset);
}

int __wrap_fchmod(int fd, mode_t mode)
{
        return failing() ? -1 : __real_fchmod(fd, mode);
}

int __wrap_close(int fd)
{
        bool fails = failing();
        int errnum = errno, r = __real_close(fd);

        errno = errnum;
        return fails ? -1 : r;
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
        return failing() ? -1 : __real_renameat(a, from, b, to);
}

int __wrap_unlinkat(int dirfd, const char *name, int flags)
{
        return failing() ? -1 : __real_unlinkat(dirfd, name, flags);
}

/* ---- how it is written ---- */

/* How many files there are in the directory. */
static int files(void)
{
        struct dirent **names;
        int n = scandir(dir, &names, scratch_visible, NULL);

        scratch_must(n >= 0, dir);
        for (int i = 0; i < n; i++)
                free(names[i]);
        free(names);
        return n;
}

static void mode(void)
{
        static const mode_t masks[] = { 0, 0022, 0027, 0077, 0777 };
        struct metrics *m = metrics_new("/a");
        struct stat st;

        for (size_t i = 0; i < ELEMENTS(masks); i++) {
                mode_t before = umask(masks[i]);

                scratch_delete(dir, FILE_NAME);
                CHECK(metrics_write(m, path, &idle, NULL) == 0);
                umask(before);
                CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
                CHECK(files() == 1);
        }
        metrics_free(m);
}

/* A writer that puts its round's number in the first and the last family. */
static void write_rounds(struct metrics *m, unsigned rounds)
{
        struct metrics_now now = idle;

        for (unsigned i = 0; i < rounds; i++) {
                now.walk = now.ledger_seq = i;
                now.trouble[TROUBLE_DISK] = i % 2;
                if (metrics_write(m, path, &now, NULL) != 0)
                        _exit(1);
        }
        _exit(0);
}

static void atomic(void)
{
        struct metrics *m = metrics_new("/a");
        unsigned reads = 0;
        int status = 0;
        pid_t pid;

        CHECK(metrics_write(m, path, &idle, NULL) == 0);
        fflush(stdout);
        pid = fork();
        if (pid == 0)
                write_rounds(m, 20000);
        while (waitpid(pid, &status, WNOHANG) == 0) {
                char text[65536];
                char *last;
                int fd = open(path, O_RDONLY | O_CLOEXEC);
                ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

                close(fd);
                if (!CHECK(n > 0))
                        break;
                text[n] = '\0';
                if (!CHECK(parse(text)))
                        break;
                last = samples[n_samples - 1].series;
                CHECK(strstr(last, "kind=\"disk\""));
                for (size_t i = 0; i < n_samples; i++) {
                        if (strstr(samples[i].series, "ledger_seq"))
                                CHECK(is("walk_number", "", samples[i].value) &&
                                      is("trouble", ",kind=\"disk\"",
                                         (samples[i].value[strlen(samples[i].value) - 1] % 2)
                                                 ? "1"
                                                 : "0"));
                }
                reads++;
        }
        CHECK(reads > 100 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK(files() == 1);
        metrics_free(m);
}

/* ---- what fails ---- */

static char *old;
static size_t old_n;

static void put_old(struct metrics *m)
{
        free(old);
        metrics_retry(m);
        scratch_must(metrics_write(m, path, &idle, NULL) == 0, path);
        old = scratch_read(dir, FILE_NAME, &old_n);
        metrics_retry(m);
}

static bool old_stands(void)
{
        size_t n;
        char *p = scratch_read(dir, FILE_NAME, &n);
        bool same = n == old_n && memcmp(p, old, n) == 0;

        free(p);
        return same;
}

static void full_disk(void)
{
        struct metrics *m = metrics_new("/a");
        struct rlimit all, some;

        put_old(m);
        scratch_must(getrlimit(RLIMIT_FSIZE, &all) == 0, "getrlimit");
        some = all;
        for (size_t n = 0; n < old_n; n++) {
                struct err e = { 0 };
                int r;

                some.rlim_cur = n;
                setrlimit(RLIMIT_FSIZE, &some);
                r = metrics_write(m, path, &idle, &e);
                setrlimit(RLIMIT_FSIZE, &all);
                if (!CHECK(r == -1 && e.kind == ERR_HOST && e.errnum == EFBIG && *e.text) ||
                    !CHECK(old_stands() && files() == 1))
                        break;
        }
        CHECK(metrics_write(m, path, &idle, NULL) == 0 && !old_stands());
        metrics_free(m);
}

static void failing_calls(void)
{
        struct metrics *m = metrics_new("/a");
        unsigned failed = 0;

        for (int how = FAULT_EIO; how <= FAULT_SHORT; how++) {
                for (unsigned at = 0, going = true; going; at++) {
                        struct err e = { 0 };
                        int r;

                        put_old(m);
                        faults.calls = 0, faults.at = at, faults.fired = false;
                        faults.how = (enum fault)how;
                        r = metrics_write(m, path, &idle, &e);
                        faults.how = FAULT_NONE;
                        going = faults.fired;
                        failed += r < 0;
                        if (r < 0)
                                CHECK(e.kind == ERR_HOST && strstr(e.text, dir) && old_stands());
                        else
                                CHECK(r == 0 && !old_stands() && write_and_parse(m, &idle));
                        CHECK(files() == 1);
                        CHECK(how != FAULT_SHORT || r == 0);
                }
        }
        CHECK(failed == 2 * 5); /* open, write, mode, close, rename */
        metrics_free(m);
}

static void killed(void)
{
        struct metrics *m = metrics_new("/a");
        bool litter = false;
        int status;

        for (unsigned at = 0;; at++) {
                pid_t pid;

                put_old(m);
                fflush(stdout);
                pid = fork();
                if (pid == 0) {
                        faults.calls = 0, faults.at = at, faults.how = FAULT_KILL;
                        _exit(metrics_write(m, path, &idle, NULL) == 0 ? 0 : 1);
                }
                scratch_must(waitpid(pid, &status, 0) == pid, "waitpid");
                litter |= files() == 2;
                CHECK(files() == 1 || old_stands());
                CHECK(files() == 1 || scratch_exists(dir, "." FILE_NAME ".tmp"));
                CHECK(write_and_parse(m, &idle) && files() == 1);
                if (!CHECK(WIFEXITED(status)) || WEXITSTATUS(status) == 0)
                        break;
        }
        CHECK(litter && WEXITSTATUS(status) == 0);
        metrics_free(m);
}

static bool refused(const struct metrics *m, const char *where, int errnum)
{
        struct err e = { 0 };
        int r = metrics_write(m, where, &idle, &e);

        if (r == -1 && e.kind == ERR_HOST && e.errnum == errnum)
                return true;
        printf("# %s: %d %s\n", where, r, e.text);
        return false;
}

static void wrong_places(void)
{
        struct metrics *m = metrics_new("/a");
        char where[SCRATCH_PATH_MAX];
        char name[253];

        put_old(m);
        scratch_join(where, dir, "missing/x.prom");
        CHECK(refused(m, where, ENOENT));
        scratch_join(where, dir, FILE_NAME "/x.prom");
        CHECK(refused(m, where, ENOTDIR));
        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        scratch_join(where, dir, name);
        CHECK(refused(m, where, ENAMETOOLONG));
        scratch_join(where, dir, "");
        CHECK(metrics_write(m, where, &idle, NULL) == -1);
        CHECK(old_stands() && files() == 1);

        scratch_join(where, dir, "folder");
        scratch_must(mkdir(where, 0755) == 0, where);
        CHECK(refused(m, where, EISDIR));
        CHECK(files() == 2);
        scratch_remove(where);

        /* Nobody may write there: root's rights do not count in another's name. */
        scratch_must(chmod(dir, 0555) == 0, dir);
        if (geteuid() == 0)
                scratch_must(seteuid(65534) == 0, "seteuid");
        CHECK(refused(m, path, EACCES));
        if (getuid() == 0)
                scratch_must(seteuid(0) == 0, "seteuid");
        scratch_must(chmod(dir, 0755) == 0, dir);
        CHECK(old_stands() && files() == 1);
        metrics_free(m);
}

/* A link that lies in the way, of either name, never leads to another file. */
static void links(void)
{
        static const char *const names[] = { FILE_NAME, "." FILE_NAME ".tmp" };
        struct metrics *m = metrics_new("/a");
        char target[SCRATCH_PATH_MAX], link[SCRATCH_PATH_MAX];
        struct stat st;
        size_t n;
        char *p;

        for (int i = 0; i < 4; i++) {
                scratch_write(dir, "target", "precious", 8, 0644);
                scratch_join(target, dir, "target");
                scratch_join(link, dir, names[i / 2]);
                unlink(link);
                scratch_must((i % 2 ? symlink(target, link)
                                    : linkat(AT_FDCWD, target, AT_FDCWD, link, 0)) == 0,
                             link);
                CHECK(write_and_parse(m, &idle));
                p = scratch_read(dir, "target", &n);
                CHECK(n == 8 && memcmp(p, "precious", 8) == 0);
                CHECK(lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1);
                CHECK(files() == 2);
                free(p);
        }
        scratch_delete(dir, "target");
        metrics_free(m);
}

int main(void)
{
        prom_begin();
        /* A limit is told by an error, as a full disk is. */
        signal(SIGXFSZ, SIG_IGN);

        RUN(mode, "everybody may read the file, whatever the umask");
        RUN(atomic, "a reader never sees a half file");
        RUN(full_disk, "a disk that is full at any byte leaves the old file and nothing else");
        RUN(failing_calls, "a call that fails leaves the old file and nothing else");
        RUN(killed, "what a kill at any call leaves is gone with the next file");
        RUN(wrong_places, "a place that cannot be written to is told, and left as it is");
        RUN(links, "a link in the way is replaced, not followed");
        free(old);
        scratch_drop(dir);
        return tap_end();
}
