/* The calls that the linker puts in front of the real ones; only faults.h includes it. */
#pragma once

#define FAULTS_WRAPPED                                                                    \
        "pwrite pread fdatasync fsync ftruncate renameat openat copy_file_range mkdirat " \
        "unlinkat fchmod close sqlite3_step sqlite3_extended_errcode"

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
int __real_sqlite3_extended_errcode(sqlite3 *db);
int __wrap_sqlite3_extended_errcode(sqlite3 *db);

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t offset)
{
        ssize_t half;

        faults_writing(fd, p, n);
        if (faults.armed && fd < FAULTS_FDS && faults.fds[fd].file == FILE_LEDGER &&
            (uint64_t)offset < faults.ledger_from)
                faults.ledger_from = (uint64_t)offset;
        half = faults_hit("pwrite") ? 0 : __real_pwrite(fd, p, n, offset);
        if (half) {
                power_wrote(fd, offset, half);
                return half;
        }
        half = __real_pwrite(fd, p, n > 1 ? n / 2 : n, offset);
        power_wrote(fd, offset, half);
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
        ssize_t k;
        off_t at;

        faults_writing(out, NULL, 0);
        if (faults_hit("copy_file_range")) {
                if (faults.how == FAULT_SHORT)
                        n = n > 1 ? n / 2 : n;
                else
                        return -1;
        }
        at = *out_at;
        k = __real_copy_file_range(in, in_at, out, out_at, n, flags);
        power_wrote(out, at, k);
        return k;
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
        power_opened(fd, flags);
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

        if (faults_hit(strcmp(sqlite3_sql(s), "ROLLBACK") == 0 ? "ROLLBACK" : "sqlite3_step")) {
                faults.corrupt = faults.how == FAULT_CORRUPT;
                if (faults.corrupt)
                        return SQLITE_CORRUPT;
                return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR;
        }
        for (size_t i = 0; faults.armed && commit && i < FAULTS_FDS; i++)
                if (faults.fds[i].file == FILE_LEDGER && faults.fds[i].dirty)
                        faults_broken("the catalog committed before the ledger was synced");
        return __real_sqlite3_step(s);
}

int __wrap_sqlite3_extended_errcode(sqlite3 *db)
{
        int code = __real_sqlite3_extended_errcode(db);

        return faults.corrupt ? faults.corrupt = false, SQLITE_CORRUPT : code;
}
