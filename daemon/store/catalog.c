#include "store/catalog_db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the system said, as SQLite has one text for all of it. It lies with the connection, but not if
 * a COMMIT failed; with the file, until the journal was played back; then errno has it still. */
static int system_error(struct catalog *c, int code)
{
        sqlite3_file *journal = NULL;
        int n = 0, last = errno;

        if (code == SQLITE_FULL)
                return ENOSPC;
        /* A page that the system cannot read is a malformed one to SQLite. */
        if (code == SQLITE_IOERR || code == SQLITE_CORRUPT) {
                sqlite3_file_control(c->db, "main", SQLITE_FCNTL_LAST_ERRNO, &n);
                if (n == 0 &&
                    sqlite3_file_control(c->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal) ==
                            SQLITE_OK &&
                    journal && journal->pMethods)
                        journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &n);
        }
        if (n == 0 && code != SQLITE_CORRUPT)
                n = sqlite3_system_errno(c->db);
        return n == 0 && code == SQLITE_IOERR ? last : n;
}

int catalog_fail(struct catalog *c, struct err *e)
{
        int code = sqlite3_extended_errcode(c->db), plain = code & 0xff;
        int host = system_error(c, plain);
        struct err why;

        if (plain == SQLITE_CORRUPT || plain == SQLITE_NOTADB)
                c->corrupt = true;
        if (code == SQLITE_READONLY_DBMOVED) /* and so it is said for ever */
                c->moved = true;
        if (host && (plain == SQLITE_FULL || plain == SQLITE_IOERR || plain == SQLITE_CANTOPEN ||
                     plain == SQLITE_CORRUPT))
                err_sys(&why, host, "catalog: %s", sqlite3_errmsg(c->db));
        else
                err_set(&why, ERR_HOST, "catalog: %s", sqlite3_errmsg(c->db));
        why.errnum = host;
        c->why = why;
        if (e)
                *e = why;
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
        if (c->in_transaction && sqlite3_get_autocommit(c->db)) {
                if (e)
                        *e = c->why;
                return err_wrap(e, "the transaction was undone");
        }
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
