#include "store/catalog_db.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MSEC 15000 /* a frame is open for 10 s at most, and its transaction with it */

static const char schema[] =
        "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE completion (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        " created INTEGER NOT NULL, digest BLOB NOT NULL, versions INTEGER NOT NULL,"
        " seen_at INTEGER NOT NULL, walk INTEGER NOT NULL, heads INTEGER NOT NULL,"
        " messages INTEGER NOT NULL);"
        "CREATE INDEX completion_created ON completion (created);"
        "CREATE INDEX completion_wanted ON completion (created, row) WHERE messages = 0;"
        "CREATE TABLE segment (stream INTEGER NOT NULL, number INTEGER NOT NULL,"
        " path TEXT NOT NULL, sealed INTEGER NOT NULL, length INTEGER NOT NULL,"
        " frames INTEGER NOT NULL, first INTEGER NOT NULL, ledger INTEGER NOT NULL,"
        " seq INTEGER NOT NULL, PRIMARY KEY (stream, number)) WITHOUT ROWID;"
        "CREATE TABLE walk (number INTEGER PRIMARY KEY, full INTEGER, state INTEGER,"
        " started INTEGER, ended INTEGER, pages INTEGER, seen INTEGER, new INTEGER,"
        " changed INTEGER, gone INTEGER, newest INTEGER, oldest INTEGER, watermark INTEGER,"
        " reason TEXT, detail TEXT, head_desc TEXT, head_asc TEXT, gaps INTEGER, scope BLOB);";

static const char *const sql[SQL_STATEMENTS] = {
        [SQL_BEGIN] = "BEGIN IMMEDIATE",
        [SQL_COMMIT] = "COMMIT",
        [SQL_ROLLBACK] = "ROLLBACK",
        [SQL_SAVE] = "SAVEPOINT page",
        [SQL_SAVE_BACK] = "ROLLBACK TO page",
        [SQL_SAVE_END] = "RELEASE page",
        [SQL_GET] = "SELECT value FROM state WHERE key = ?1",
        [SQL_SET] = "INSERT OR REPLACE INTO state VALUES (?1, ?2)",
        [SQL_FIND] = "SELECT row, created, digest, versions, seen_at, walk, heads, messages"
                     " FROM completion WHERE id = ?1",
        [SQL_ADD] = "INSERT INTO completion (id, created, digest, versions, seen_at, walk, heads,"
                    " messages) VALUES (?1, ?2, ?3, 1, 0, 0, 0, 0)",
        [SQL_CHANGE] = "UPDATE completion SET created = ?2, digest = ?3, versions = versions + 1"
                       " WHERE row = ?1",
        [SQL_MARK] = "UPDATE completion SET heads = CASE walk WHEN ?2 THEN heads | ?3 ELSE ?3 END,"
                     " walk = ?2, seen_at = ?4 WHERE row = ?1",
        [SQL_FRESH] = "SELECT walk <> ?2 FROM completion WHERE row = ?1",
        [SQL_NOTE] = "INSERT INTO temp.note VALUES (?1)",
        [SQL_NOTES] = "SELECT row FROM temp.note WHERE rowid > ?1 ORDER BY rowid LIMIT 1",
        [SQL_NOTES_CLEAR] = "DELETE FROM temp.note",
        [SQL_NEWER] = "SELECT id, created FROM completion WHERE created > ?1 AND walk = ?2"
                      " AND heads & ?3 ORDER BY created LIMIT 1",
        [SQL_OLDER] = "SELECT id, created FROM completion WHERE created < ?1 AND walk = ?2"
                      " AND heads & ?3 ORDER BY created DESC LIMIT 1",
        [SQL_NEWER_ANY] = "SELECT id, created FROM completion WHERE created > ?1"
                          " ORDER BY created LIMIT 1",
        [SQL_OLDER_ANY] = "SELECT id, created FROM completion WHERE created < ?1"
                          " ORDER BY created DESC LIMIT 1",
        [SQL_SECOND] = "SELECT row, id FROM completion WHERE created = ?1 AND row > ?4"
                       " AND walk = ?2 AND heads & ?3 ORDER BY row LIMIT 1",
        [SQL_MESSAGES] = "UPDATE completion SET messages = ?2 WHERE id = ?1",
        [SQL_WANTED] = "SELECT created, row, id FROM completion WHERE messages = 0"
                       " AND (created, row) > (?1, ?2) ORDER BY created, row LIMIT 1",
        [SQL_COUNTS] = "SELECT count(*), sum(versions), min(created), max(created)"
                       " FROM completion",
        [SQL_WANTED_COUNT] = "SELECT count(*) FROM completion WHERE messages = 0",
        [SQL_MISSING_COUNT] = "SELECT count(*) FROM completion WHERE messages = 3",
        [SQL_SEGMENT_PUT] = "INSERT OR REPLACE INTO segment VALUES"
                            " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        [SQL_SEGMENT_GET] = "SELECT path, sealed, length, frames, first, ledger, seq FROM segment"
                            " WHERE stream = ?1 AND number = ?2",
        [SQL_SEGMENT_NEXT] = "SELECT path, sealed, length, frames, first, ledger, seq FROM segment"
                             " WHERE (stream, number) > (?1, ?2) AND sealed <= ?3"
                             " ORDER BY stream, number LIMIT 1",
        [SQL_WALK_PUT] = "INSERT OR REPLACE INTO walk VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                         " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        [SQL_WALK_GET] = "SELECT * FROM walk WHERE number = ?1",
        [SQL_WALK_LAST] = "SELECT * FROM walk WHERE (?1 = 0 OR number < ?1)"
                          " AND (?2 = 0 OR state = 1) AND (?3 = 0 OR full = 1)"
                          " ORDER BY number DESC LIMIT 1",
};

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

        if (!*s && sqlite3_prepare_v3(c->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) !=
                           SQLITE_OK) {
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

static int open_path(const char *path, int flags, struct catalog **ret, struct err *e)
{
        struct catalog *c = mem_new(sizeof(*c));

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
                               "CREATE TEMP TABLE note (row INTEGER NOT NULL);";

int catalog_open(int dirfd, struct catalog **ret, bool *ret_new, struct err *e)
{
        struct catalog *c;
        int version, tables;
        char text[64];

        if (open_db(dirfd, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &c, e) < 0)
                return -1;
        if (exec(c, settings, e) < 0 || pragma_int(c, "PRAGMA user_version", &version, e) < 0 ||
            pragma_int(c, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
                goto fail;
        if (tables == 0) {
                snprintf(text, sizeof(text), "PRAGMA user_version = %d;", CATALOG_VERSION);
                if (exec(c, "BEGIN IMMEDIATE", e) < 0 || exec(c, schema, e) < 0 ||
                    exec(c, text, e) < 0 || exec(c, "COMMIT", e) < 0)
                        goto fail;
        } else if (version != CATALOG_VERSION) {
                catalog_close(c);
                return CATALOG_STALE;
        }
        *ret_new = tables == 0;
        *ret = c;
        return 0;

fail:
        version = sqlite3_errcode(c->db) & 0xff;
        catalog_close(c);
        return version == SQLITE_NOTADB || version == SQLITE_CORRUPT ? CATALOG_STALE : -1;
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
            pragma_int(c, "PRAGMA user_version", &version, e) < 0 || version != CATALOG_VERSION) {
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
        if (exec(c, settings, e) < 0 || exec(c, schema, e) < 0) {
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
        c->in_transaction = c->saved = false;
        return 0;
}

void catalog_rollback(struct catalog *c)
{
        sqlite3_stmt *s;

        catalog_forget_notes(c, NULL);
        for (size_t i = 0; i < SQL_STATEMENTS; i++)
                if (c->statements[i])
                        sqlite3_reset(c->statements[i]);
        /* An error may have rolled it back already. */
        if (!sqlite3_get_autocommit(c->db) && catalog_statement(c, SQL_ROLLBACK, &s, NULL) == 0)
                catalog_run(c, s, NULL);
        c->in_transaction = c->saved = false;
}

static int run(struct catalog *c, enum catalog_sql which, struct err *e)
{
        sqlite3_stmt *s;

        return catalog_statement(c, which, &s, e) < 0 ? -1 : catalog_run(c, s, e);
}

int catalog_save(struct catalog *c, struct err *e)
{
        if (catalog_begin(c, e) < 0 || (c->saved && run(c, SQL_SAVE_END, e) < 0))
                return -1;
        c->saved = false;
        if (run(c, SQL_SAVE, e) < 0)
                return -1;
        c->saved = true;
        return 0;
}

int catalog_back(struct catalog *c, struct err *e)
{
        if (!c->saved)
                return CATALOG_NONE;
        return catalog_forget_notes(c, e) < 0 ? -1 : run(c, SQL_SAVE_BACK, e);
}

bool catalog_is_corrupt(const struct catalog *c)
{
        return c->corrupt;
}

bool catalog_is_moved(const struct catalog *c)
{
        return c->moved;
}
