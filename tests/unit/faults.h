/* System calls that fail when they are told to, and what must hold between them. The linker puts
 * these in front of the calls of our own objects (not of the libraries'), by -Wl,--wrap=NAME for each
 * NAME in FAULTS_WRAPPED. SQLite's files are its own affair: of it, sqlite3_step fails.
 *
 * Each call that may fail is counted. Whatever fails, the rules of the commit are watched:
 * - a sync that failed is not asked for again before something was written anew;
 * - a segment whose sync failed takes no further byte in its run;
 * - when the ledger is written, every segment is synced, and every new name in its directory;
 * - when the catalog commits, the ledger is synced;
 * - a file is synced when it is renamed. */
#pragma once

#include "scratch.h"
#include "tap.h"

#include <sqlite3.h>
#include <stdarg.h>

#define FAULTS_FDS   1024
#define FAULTS_NAMES 64

enum fault {
        FAULT_NONE,
        FAULT_EIO,       /* once */
        FAULT_EIO_TWICE, /* and the next one, which is what should mend the first */
        FAULT_ENOSPC,    /* once */
        FAULT_EIO_EVER,  /* from then on */
        FAULT_ENOSPC_EVER,
        FAULT_SHORT, /* a write takes a part only, once: no error */
        FAULT_KILL,
        FAULTS,
};

enum fault_file { FILE_OTHER, FILE_LEDGER, FILE_SEGMENT };

static struct {
        bool armed;
        unsigned calls, at; /* at: the call that fails */
        enum fault how;
        const char *fired;    /* the name of the call that failed first */
        const char *broken;   /* the rule that was broken first */
        uint64_t ledger_from; /* the lowest offset that the ledger was written at */
        struct {
                enum fault_file file;
                bool dirty, sync_failed;
                char path[256];
        } fds[FAULTS_FDS];
        char banned[FAULTS_NAMES][256]; /* segments whose sync failed in this run */
        size_t n_banned;
        struct {
                char path[256];
                bool renamed;     /* to its sealed name: only the seal line has to wait */
        } unsynced[FAULTS_NAMES]; /* new names in directories not synced since */
        size_t n_unsynced;
} faults;

static inline void faults_broken(const char *rule)
{
        if (!faults.broken)
                faults.broken = rule;
}

/* A new life of the archive begins. */
static inline void faults_new_run(void)
{
        faults.n_banned = 0;
        faults.n_unsynced = 0;
}

static inline void faults_arm(unsigned at, enum fault how)
{
        memset(&faults, 0, sizeof(faults));
        faults.ledger_from = UINT64_MAX;
        faults.armed = true;
        faults.at = at;
        faults.how = how;
}

/* Does this call fail? Then errno is set. */
static inline bool faults_hit(const char *call)
{
        bool partial = call[0] == 'p' || call[0] == 'c'; /* pread, pwrite, copy_file_range */
        unsigned last = faults.at;

        if (!faults.armed || (faults.how == FAULT_SHORT && !partial))
                return false;
        if (faults.how == FAULT_EIO_TWICE)
                last++;
        if (faults.how == FAULT_EIO_EVER || faults.how == FAULT_ENOSPC_EVER)
                last = UINT32_MAX;
        faults.calls++;
        if (faults.at == 0 || faults.calls < faults.at || faults.calls > last)
                return false;
        if (!faults.fired)
                faults.fired = call;
        if (faults.how == FAULT_KILL)
                _exit(42);
        errno = faults.how == FAULT_ENOSPC || faults.how == FAULT_ENOSPC_EVER ? ENOSPC : EIO;
        return true;
}

static inline bool faults_ends(const char *s, const char *end)
{
        size_t n = strlen(s), k = strlen(end);

        return n >= k && strcmp(s + n - k, end) == 0;
}

static inline void faults_path(int fd, char out[static 256])
{
        char link[64];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, out, 255);
        out[n < 0 ? 0 : n] = '\0';
}

static inline void faults_name_made(const char path[static 256], bool renamed)
{
        if (!faults.armed || faults.n_unsynced == FAULTS_NAMES)
                return;
        memmove(faults.unsynced[faults.n_unsynced].path, path, 256);
        faults.unsynced[faults.n_unsynced++].renamed = renamed;
}

/* Forget the names that are this path (a file: it was removed), or lie in it (it was synced). */
static inline void faults_name_safe(const char *path, bool within)
{
        for (size_t i = 0; i < faults.n_unsynced; i++) {
                const char *name = faults.unsynced[i].path;
                size_t n = within ? (size_t)(strrchr(name, '/') - name) : strlen(name);

                if (strlen(path) == n && memcmp(path, name, n) == 0)
                        faults.unsynced[i--] = faults.unsynced[--faults.n_unsynced];
        }
}

static inline void faults_join(int dirfd, const char *file, char out[static 256])
{
        char dir[256];

        faults_path(dirfd, dir);
        snprintf(out, 256, "%.120s/%.120s", dir, file);
}

static inline void faults_opened(int fd, int flags)
{
        char *path;

        if (!faults.armed || fd < 0 || fd >= FAULTS_FDS)
                return;
        memset(&faults.fds[fd], 0, sizeof(faults.fds[fd]));
        path = faults.fds[fd].path;
        faults_path(fd, path);
        if (faults_ends(path, "/ledger.jsonl"))
                faults.fds[fd].file = FILE_LEDGER;
        else if (strstr(path, "/archived=") || faults_ends(path, "/.recover.tmp"))
                faults.fds[fd].file = FILE_SEGMENT;
        if ((flags & O_CREAT) && faults_ends(path, ".open"))
                faults_name_made(path, false);
}

static inline void faults_writing(int fd, const char *p, size_t n)
{
        bool seal = p && memmem(p, n, "\"type\":\"seal\"", 13);

        if (!faults.armed || fd < 0 || fd >= FAULTS_FDS)
                return;
        if (faults.fds[fd].file == FILE_SEGMENT)
                for (size_t i = 0; i < faults.n_banned; i++)
                        if (strcmp(faults.banned[i], faults.fds[fd].path) == 0)
                                faults_broken("a segment whose sync failed was written to");
        if (faults.fds[fd].file == FILE_LEDGER) {
                for (size_t i = 0; i < FAULTS_FDS; i++)
                        if (faults.fds[i].file == FILE_SEGMENT && faults.fds[i].dirty)
                                faults_broken("the ledger was written before a segment was synced");
                for (size_t i = 0; i < faults.n_unsynced; i++) {
                        /* as a line has it: behind the directory of the test */
                        const char *name = strstr(faults.unsynced[i].path, "chatarchived-test-");

                        name = name ? strchr(name, '/') + 1 : faults.unsynced[i].path;
                        if (!faults.unsynced[i].renamed ||
                            (seal && memmem(p, n, name, strlen(name))))
                                faults_broken(
                                        "the ledger was written before a new name was synced");
                }
        }
        faults.fds[fd].dirty = true;
        faults.fds[fd].sync_failed = false;
}

static inline int faults_sync(const char *call, int fd, int (*real)(int))
{
        bool known = faults.armed && fd >= 0 && fd < FAULTS_FDS;
        char path[256];
        int r;

        if (known && faults.fds[fd].sync_failed)
                faults_broken("a sync that failed was asked for again");
        if (faults_hit(call)) {
                if (known) {
                        faults.fds[fd].sync_failed = true;
                        if (faults.fds[fd].file == FILE_SEGMENT && faults.n_banned < FAULTS_NAMES)
                                memcpy(faults.banned[faults.n_banned++], faults.fds[fd].path, 256);
                }
                return -1;
        }
        r = real(fd);
        if (!known || r < 0)
                return r;
        faults.fds[fd].dirty = false;
        faults_path(fd, path);
        faults_name_safe(path, true);
        return r;
}

/* ---- the calls ---- */

#define FAULTS_WRAPPED                                                                    \
        "pwrite pread fdatasync fsync ftruncate renameat openat copy_file_range mkdirat " \
        "unlinkat fchmod close sqlite3_step"

ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t offset);
ssize_t __real_pread(int fd, void *p, size_t n, off_t offset);
ssize_t __wrap_pread(int fd, void *p, size_t n, off_t offset);
ssize_t __real_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags);
ssize_t __wrap_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __real_mkdirat(int dirfd, const char *path, mode_t mode);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode);
int __real_unlinkat(int dirfd, const char *path, int flags);
int __wrap_unlinkat(int dirfd, const char *path, int flags);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_sqlite3_step(sqlite3_stmt *s);
int __wrap_sqlite3_step(sqlite3_stmt *s);

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t offset)
{
        ssize_t half;

        faults_writing(fd, p, n);
        if (faults.armed && fd < FAULTS_FDS && faults.fds[fd].file == FILE_LEDGER &&
            (uint64_t)offset < faults.ledger_from)
                faults.ledger_from = (uint64_t)offset;
        if (!faults_hit("pwrite"))
                return __real_pwrite(fd, p, n, offset);
        half = __real_pwrite(fd, p, n > 1 ? n / 2 : n, offset);
        if (faults.how == FAULT_SHORT)
                return half;
        errno = faults.how == FAULT_ENOSPC || faults.how == FAULT_ENOSPC_EVER ? ENOSPC : EIO;
        return -1;
}

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t offset)
{
        if (faults_hit("pread")) {
                if (faults.how == FAULT_SHORT)
                        n = n > 1 ? n / 2 : n;
                else
                        return -1;
        }
        return __real_pread(fd, p, n, offset);
}

ssize_t __wrap_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags)
{
        faults_writing(out, NULL, 0);
        if (faults_hit("copy_file_range")) {
                if (faults.how == FAULT_SHORT)
                        n = n > 1 ? n / 2 : n;
                else
                        return -1;
        }
        return __real_copy_file_range(in, in_at, out, out_at, n, flags);
}

int __wrap_fdatasync(int fd)
{
        return faults_sync("fdatasync", fd, __real_fdatasync);
}

int __wrap_fsync(int fd)
{
        return faults_sync("fsync", fd, __real_fsync);
}

int __wrap_ftruncate(int fd, off_t n)
{
        bool known = faults.armed && fd >= 0 && fd < FAULTS_FDS;

        if (faults_hit("ftruncate"))
                return -1;
        if (known) {
                faults.fds[fd].sync_failed = false;
                /* What a segment loses was never committed; the ledger's cut has to last. */
                faults.fds[fd].dirty = faults.fds[fd].file == FILE_LEDGER;
        }
        return __real_ftruncate(fd, n);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
        char path[256];

        if (faults_hit("renameat"))
                return -1;
        faults_join(a, from, path);
        for (size_t i = 0; faults.armed && i < FAULTS_FDS; i++)
                if (faults.fds[i].dirty && strcmp(faults.fds[i].path, path) == 0)
                        faults_broken("a file was renamed before it was synced");
        faults_join(b, to, path);
        faults_name_made(path, !faults_ends(to, ".open"));
        return __real_renameat(a, from, b, to);
}

int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
        mode_t mode = 0;
        va_list ap;
        int fd;

        if (flags & (O_CREAT | O_TMPFILE)) {
                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        if (faults_hit("openat"))
                return -1;
        fd = __real_openat(dirfd, path, flags, mode);
        faults_opened(fd, flags);
        return fd;
}

int __wrap_mkdirat(int dirfd, const char *path, mode_t mode)
{
        char full[256];
        int r = -1;

        if (faults_hit("mkdirat"))
                return -1;
        r = __real_mkdirat(dirfd, path, mode);
        faults_join(dirfd, path, full);
        if (r == 0 && dirfd >= 0)
                faults_name_made(full, false);
        return r;
}

int __wrap_unlinkat(int dirfd, const char *path, int flags)
{
        char full[256];

        if (faults_hit("unlinkat"))
                return -1;
        faults_join(dirfd, path, full);
        faults_name_safe(full, false);
        return __real_unlinkat(dirfd, path, flags);
}

int __wrap_fchmod(int fd, mode_t mode)
{
        return faults_hit("fchmod") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_close(int fd)
{
        if (faults.armed && fd >= 0 && fd < FAULTS_FDS)
                memset(&faults.fds[fd], 0, sizeof(faults.fds[fd]));
        return __real_close(fd);
}

int __wrap_sqlite3_step(sqlite3_stmt *s)
{
        bool commit = strcmp(sqlite3_sql(s), "COMMIT") == 0;

        if (faults_hit(strcmp(sqlite3_sql(s), "ROLLBACK") == 0 ? "ROLLBACK" : "sqlite3_step"))
                return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR;
        for (size_t i = 0; faults.armed && commit && i < FAULTS_FDS; i++)
                if (faults.fds[i].file == FILE_LEDGER && faults.fds[i].dirty)
                        faults_broken("the catalog committed before the ledger was synced");
        return __real_sqlite3_step(s);
}
