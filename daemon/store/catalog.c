#include "store/catalog_db.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MSEC 15000 /* a frame is open for 10 s at most, and its transaction with it */

int catalog_fail(struct catalog *c, struct err *e)
{
        int code = sqlite3_extended_errcode(c->db), host = sqlite3_system_errno(c->db);

        if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
                c->corrupt = true;
        if (code == SQLITE_READONLY_DBMOVED) /* and so it is said for ever */
                c->moved = true;
        err_set(e, ERR_HOST, "catalog: %s", sqlite3_errmsg(c->db));
        if (e && (code & 0xff) == SQLITE_FULL)
                e->errnum = ENOSPC;
        else if (e)
                e->errnum = host;
        return -1;
}

int catalog_statement(struct catalog *c, enum catalog_sql which, sqlite3_stmt **ret, struct err *e)
{
        sqlite3_stmt **s = &c->statements[which];

        if (!*s && sqlite3_prepare_v3(c->db, catalog_text[which], -1, SQLITE_PREPARE_PERSISTENT, s,
                                      NULL) != SQLITE_OK) {
                catalog_fail(c, e);
                return -1;
        }
        sqlite3_reset(*s);
        *ret = *s;
        return 0;
}

int catalog_step(struct catalog *c, sqlite3_stmt *s, struct err *e)
{
        int r = sqlite3_step(s);

        if (r == SQLITE_ROW)
                return 0;
        if (r != SQLITE_DONE)
                catalog_fail(c, e);
        sqlite3_reset(s);
        return r == SQLITE_DONE ? CATALOG_NONE : -1;
}

int catalog_run(struct catalog *c, sqlite3_stmt *s, struct err *e)
{
        int r = catalog_step(c, s, e);

        if (r == 0)
                sqlite3_reset(s);
        return r < 0 ? -1 : 0;
}

static int exec(struct catalog *c, const char *text, struct err *e)
{
        if (sqlite3_exec(c->db, text, NULL, NULL, NULL) != SQLITE_OK)
                return catalog_fail(c, e);
        return 0;
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
static int open_db(int dirfd, int flags, struct catalog **ret, struct err *e)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d/" CATALOG_FILE, dirfd);
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

/* The tables of a new catalog, at once or not at all. */
static int make(struct catalog *c, struct err *e)
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

        if (open_db(dirfd, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || pragma_int(c, "PRAGMA user_version", &version, e) < 0 ||
            pragma_int(c, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
                goto fail;
        if (tables == 0 && make(c, e) < 0)
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

int catalog_open_readonly(int dirfd, struct catalog **ret, struct err *e)
{
        struct catalog *c;
        int version;

        if (faccessat(dirfd, CATALOG_FILE, F_OK, 0) < 0 && errno == ENOENT)
                return CATALOG_NONE;
        if (open_db(dirfd, SQLITE_OPEN_READONLY, &c, e) < 0)
                return CATALOG_STALE;
        if (exec(c, "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -512;", e) < 0 ||
            pragma_int(c, "PRAGMA user_version", &version, e) < 0 || version != CATALOG_VERSION ||
            catalog_load_salt(c, e) != 0) {
                catalog_close(c);
                return CATALOG_STALE;
        }
        *ret = c;
        return 0;
}

int catalog_open_temporary(struct catalog **ret, struct err *e)
{
        struct catalog *c;

        /* An empty name is SQLite's for a file that it removes as soon as it has made it. */
        if (open_path("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || make(c, e) < 0 || catalog_load_salt(c, e) < 0) {
                catalog_close(c);
                return -1;
        }
        *ret = c;
        return 0;
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
        if (fsio_unlink(dirfd, CATALOG_FILE, e) < 0 ||
            fsio_unlink(dirfd, CATALOG_FILE "-journal", e) < 0)
                return -1;
        return 0;
}

int catalog_set_text(struct catalog *c, const char *key, const char *value, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_SET, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
        return catalog_run(c, s, e);
}

int catalog_get_text(struct catalog *c, const char *key, char *ret, size_t room, struct err *e)
{
        sqlite3_stmt *s;
        const char *value;
        int r;

        if (catalog_statement(c, SQL_GET, &s, e) < 0)
                return -1;
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        r = catalog_step(c, s, e);
        if (r != 0)
                return r;
        value = (const char *)sqlite3_column_text(s, 0);
        snprintf(ret, room, "%s", value ? value : "");
        sqlite3_reset(s);
        return 0;
}

int catalog_head(struct catalog *c, struct ledger_head *ret, struct err *e)
{
        char text[128];
        unsigned long long seq, offset;
        struct ledger_head head = LEDGER_START;
        int r = catalog_get_text(c, "head", text, sizeof(text), e);

        if (r < 0)
                return -1;
        if (r == CATALOG_NONE) {
                *ret = head;
                return 0;
        }
        if (sscanf(text, "%llu %llu %64[0-9a-f]", &seq, &offset, head.hash) != 3) {
                c->corrupt = true;
                return err_set(e, ERR_HOST, "catalog: its head is unreadable");
        }
        head.seq = seq;
        head.offset = offset;
        *ret = head;
        return 0;
}

int catalog_begin(struct catalog *c, struct err *e)
{
        sqlite3_stmt *s;

        /* A full disk, an I/O error: SQLite then rolls back by itself, and what follows would be
         * durable at once, before the ledger. */
        if (c->in_transaction && sqlite3_get_autocommit(c->db))
                return err_set(e, ERR_HOST, "catalog: an error has undone the transaction");
        if (c->in_transaction)
                return 0;
        if (catalog_statement(c, SQL_BEGIN, &s, e) < 0 || catalog_run(c, s, e) < 0)
                return -1;
        c->in_transaction = true;
        return 0;
}

int catalog_commit(struct catalog *c, const struct ledger_head *head, struct err *e)
{
        char text[128];
        sqlite3_stmt *s;

        snprintf(text, sizeof(text), "%llu %llu %s", (unsigned long long)head->seq,
                 (unsigned long long)head->offset, head->hash);
        if (catalog_set_text(c, "head", text, e) < 0 ||
            catalog_statement(c, SQL_COMMIT, &s, e) < 0 || catalog_run(c, s, e) < 0) {
                catalog_rollback(c);
                return -1;
        }
        c->in_transaction = c->back.set = false;
        return 0;
}

void catalog_rollback(struct catalog *c)
{
        sqlite3_stmt *s;

        catalog_forget_notes(c, CATALOG_DESC, NULL);
        catalog_forget_notes(c, CATALOG_ASC, NULL);
        for (size_t i = 0; i < SQL_STATEMENTS; i++)
                if (c->statements[i])
                        sqlite3_reset(c->statements[i]);
        /* An error may have rolled it back already. */
        if (!sqlite3_get_autocommit(c->db) && catalog_statement(c, SQL_ROLLBACK, &s, NULL) == 0)
                catalog_run(c, s, NULL);
        c->in_transaction = c->back.set = false;
}

bool catalog_is_corrupt(const struct catalog *c)
{
        return c->corrupt;
}

bool catalog_is_moved(const struct catalog *c)
{
        return c->moved;
}
