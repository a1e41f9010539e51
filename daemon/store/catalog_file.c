/* The catalog's file: opened, made, put in another one's place. */
#include "store/catalog_db.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MSEC 15000 /* a frame is open for 10 s at most, and its transaction with it */

static int exec(struct catalog *c, const char *text, struct err *e)
{
        if (sqlite3_exec(c->db, text, NULL, NULL, NULL) != SQLITE_OK)
                return catalog_fail(c, e);
        return 0;
}

static int remove_files(int dirfd, const char *name, struct err *e)
{
        char journal[64];

        snprintf(journal, sizeof(journal), "%s-journal", name);
        return fsio_unlink(dirfd, name, e) < 0 ? -1 : fsio_unlink(dirfd, journal, e);
}

static int pragma_int(struct catalog *c, const char *text, int *ret, struct err *e)
{
        sqlite3_stmt *s = NULL;
        int r = -1;

        if (sqlite3_prepare_v2(c->db, text, -1, &s, NULL) == SQLITE_OK &&
            sqlite3_step(s) == SQLITE_ROW) {
                *ret = sqlite3_column_int(s, 0);
                r = 0;
        } else {
                catalog_fail(c, e);
        }
        sqlite3_finalize(s);
        return r;
}

/* SQLite's own account of its memory costs a lock at each allocation, and nobody asks for it. */
static void settle_library(void)
{
        static bool settled;

        if (settled)
                return;
        settled = true;
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_path(const char *path, int flags, struct catalog **ret, struct err *e)
{
        struct catalog *c = mem_new(sizeof(*c));

        settle_library();
        if (sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
                if (c->db)
                        catalog_fail(c, e);
                else
                        err_set(e, ERR_HOST, "catalog: out of memory");
                catalog_close(c);
                return -1;
        }
        sqlite3_busy_timeout(c->db, BUSY_MSEC);
        *ret = c;
        return 0;
}

/* SQLite takes paths only; /proc leads to the directory that is open, whatever was renamed. */
static int open_db(int dirfd, const char *name, int flags, struct catalog **ret, struct err *e)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
        return open_path(path, flags, ret, e);
}

/* 3.40's DELETE journal with FULL lost commits in simulated power cuts, its WAL has the reset bug;
 * TRUNCATE has neither. */
static const char settings[] = "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cache_size = -512;"
                               "PRAGMA temp_store = FILE;"
                               "PRAGMA journal_mode = TRUNCATE;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = OFF;"
                               "CREATE TEMP TABLE note (head INTEGER NOT NULL,"
                               " first INTEGER NOT NULL, last INTEGER NOT NULL);";

/* At once or not at all. */
static int make_tables(struct catalog *c, struct err *e)
{
        char version[64];

        snprintf(version, sizeof(version), "PRAGMA user_version = %d;", CATALOG_VERSION);
        if (catalog_begin(c, e) < 0 || exec(c, catalog_schema, e) < 0 || exec(c, version, e) < 0 ||
            catalog_new_salt(c, e) < 0 || exec(c, "COMMIT", e) < 0)
                return -1;
        c->in_transaction = false;
        return 0;
}

int catalog_open(int dirfd, struct catalog **ret, bool *ret_new, struct err *e)
{
        struct catalog *c;
        int version, tables, r;

        if (open_db(dirfd, CATALOG_FILE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || pragma_int(c, "PRAGMA user_version", &version, e) < 0 ||
            pragma_int(c, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
                goto fail;
        if (tables == 0 && make_tables(c, e) < 0)
                goto fail;
        r = tables && version != CATALOG_VERSION ? CATALOG_STALE : catalog_load_salt(c, e);
        if (r < 0)
                goto fail;
        if (r == CATALOG_STALE) {
                catalog_close(c);
                return CATALOG_STALE;
        }
        *ret_new = tables == 0;
        *ret = c;
        return 0;

fail:
        version = sqlite3_errcode(c->db) & 0xff;
        catalog_close(c);
        /* SQLITE_ERROR: a table of ours is missing. */
        return version == SQLITE_NOTADB || version == SQLITE_CORRUPT || version == SQLITE_ERROR
                       ? CATALOG_STALE
                       : -1;
}

/* An archive may come from anywhere, and a view that goes by a table's name may never end. What is
 * there must be what catalog_schema says, word for word. */
static bool has_our_tables(struct catalog *c)
{
        const char *next = catalog_schema;
        sqlite3_stmt *s = NULL;
        int want = 0, got = 0, r;

        while ((next = strchr(next, ';'))) {
                next++;
                want++;
        }
        if (sqlite3_prepare_v2(c->db, "SELECT sql || ';' FROM sqlite_schema WHERE sql NOT NULL", -1,
                               &s, NULL) != SQLITE_OK)
                return false;
        while ((r = sqlite3_step(s)) == SQLITE_ROW && got <= want) {
                const char *sql = (const char *)sqlite3_column_text(s, 0);

                got = sql && strstr(catalog_schema, sql) ? got + 1 : want + 1;
        }
        sqlite3_finalize(s);
        return r == SQLITE_DONE && got == want;
}

static const char readings[] = "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA cache_size = -2048;"
                               "PRAGMA temp_store = FILE;";

int catalog_open_readonly(int dirfd, struct catalog **ret, struct err *e)
{
        struct catalog *c;
        int version;

        if (faccessat(dirfd, CATALOG_FILE, F_OK, 0) < 0 && errno == ENOENT)
                return CATALOG_NONE;
        if (open_db(dirfd, CATALOG_FILE, SQLITE_OPEN_READONLY, &c, e) < 0)
                return CATALOG_STALE;
        if (exec(c, readings, e) < 0 || pragma_int(c, "PRAGMA user_version", &version, e) < 0 ||
            version != CATALOG_VERSION || !has_our_tables(c) || catalog_load_salt(c, e) != 0) {
                catalog_close(c);
                return CATALOG_STALE;
        }
        *ret = c;
        return 0;
}

/* What is thrown away unless it is finished needs no sync before its last. More memory than a writer
 * takes: ids come in any order, and each may lie on another page. */
static const char building[] = "PRAGMA cache_size = -32768;"
                               "PRAGMA synchronous = OFF;";

int catalog_open_temporary(struct catalog **ret, struct err *e)
{
        struct catalog *c;

        /* An empty name is SQLite's for a file that it removes as soon as it has made it. */
        if (open_path("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || exec(c, building, e) < 0 || make_tables(c, e) < 0 ||
            catalog_load_salt(c, e) < 0) {
                catalog_close(c);
                return -1;
        }
        *ret = c;
        return 0;
}

int catalog_open_beside(int dirfd, struct catalog **ret, struct err *e)
{
        struct catalog *c;

        if (remove_files(dirfd, CATALOG_FILE_NEW, e) < 0 ||
            open_db(dirfd, CATALOG_FILE_NEW, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || exec(c, building, e) < 0 || make_tables(c, e) < 0 ||
            catalog_load_salt(c, e) < 0) {
                catalog_close(c);
                catalog_remove_beside(dirfd);
                return -1;
        }
        *ret = c;
        return 0;
}

/* Whoever builds it (root, say, with any umask), it is the writer's, as the ledger is. */
static int give_away(int dirfd, int fd, struct err *e)
{
        struct stat ledger;

        if (fstatat(dirfd, LEDGER_FILE, &ledger, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, errno, "cannot see " LEDGER_FILE);
        if (geteuid() == 0 && fchown(fd, ledger.st_uid, ledger.st_gid) < 0)
                return err_sys(e, errno, "cannot give " CATALOG_FILE_NEW " to the ledger's owner");
        if (fchmod(fd, ledger.st_mode & 0666) < 0)
                return err_sys(e, errno, "cannot set the mode of " CATALOG_FILE_NEW);
        return 0;
}

/* The journal of the old one must not be there when the new one is: SQLite would play it back. One
 * that has something in it belongs to a file that could not be opened, and goes with it. */
int catalog_replace(int dirfd, struct err *e)
{
        _cleanup_close_ int fd = openat(dirfd, CATALOG_FILE_NEW, O_RDONLY | O_CLOEXEC);
        struct catalog *old = NULL;
        struct stat st;
        bool new;

        if (fd < 0)
                return err_sys(e, errno, "cannot open " CATALOG_FILE_NEW);
        if (give_away(dirfd, fd, e) < 0 || fsio_sync(fd, CATALOG_FILE_NEW, e) < 0 ||
            fsio_unlink(dirfd, CATALOG_FILE_NEW "-journal", e) < 0)
                return -1;
        if (faccessat(dirfd, CATALOG_FILE, F_OK, 0) == 0 &&
            catalog_open(dirfd, &old, &new, NULL) == 0)
                catalog_close(old);
        if (fstatat(dirfd, CATALOG_FILE "-journal", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_size > 0 && (catalog_remove(dirfd, e) < 0 || fsio_sync_dir(dirfd, "", e) < 0))
                return -1;
        return fsio_rename(dirfd, CATALOG_FILE_NEW, CATALOG_FILE, e) < 0
                       ? -1
                       : fsio_sync_dir(dirfd, "", e);
}

void catalog_remove_beside(int dirfd)
{
        remove_files(dirfd, CATALOG_FILE_NEW, NULL);
}

struct catalog *catalog_close(struct catalog *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < SQL_STATEMENTS; i++)
                sqlite3_finalize(c->statements[i]);
        sqlite3_close(c->db);
        free(c);
        return NULL;
}

int catalog_remove(int dirfd, struct err *e)
{
        return remove_files(dirfd, CATALOG_FILE, e);
}
