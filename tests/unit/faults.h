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

#include "power.h"
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
        FAULT_EIO_APART, /* and the second one behind it: what mends goes well, its sync does not */
        FAULT_ENOSPC,    /* once */
        FAULT_EIO_EVER,  /* from then on */
        FAULT_ENOSPC_EVER,
        FAULT_SHORT,   /* a write takes a part only, once: no error */
        FAULT_CORRUPT, /* SQLite finds the catalog damaged, once */
        FAULT_KILL,
        FAULTS,
};

enum fault_file { FILE_OTHER, FILE_LEDGER, FILE_SEGMENT };

static struct {
        bool armed;
        bool corrupt;       /* the next question for SQLite's error says so */
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

        if (!faults.armed)
                return false;
        faults.armed = false;
        power_call();
        faults.armed = true;
        if ((faults.how == FAULT_SHORT && !partial) ||
            (faults.how == FAULT_CORRUPT && strcmp(call, "sqlite3_step") != 0))
                return false;
        if (faults.how == FAULT_EIO_TWICE)
                last++;
        if (faults.how == FAULT_EIO_APART)
                last += 2;
        if (faults.how == FAULT_EIO_EVER || faults.how == FAULT_ENOSPC_EVER)
                last = UINT32_MAX;
        faults.calls++;
        if (faults.at == 0 || faults.calls < faults.at || faults.calls > last ||
            (faults.how == FAULT_EIO_APART && faults.calls == faults.at + 1))
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
                power_synced(fd, false);
                errno = EIO;
                return -1;
        }
        r = real(fd);
        if (!known || r < 0)
                return r;
        power_synced(fd, true);
        faults.fds[fd].dirty = false;
        faults_path(fd, path);
        faults_name_safe(path, true);
        return r;
}

#include "faults-calls.h"
