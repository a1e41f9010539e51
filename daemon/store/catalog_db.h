/* What the parts of the catalog share: the handle, and statements prepared once. Only catalog*.c
 * include it. */
#pragma once

#include "store/catalog.h"

#include <sqlite3.h>

enum catalog_sql {
        SQL_BEGIN,
        SQL_COMMIT,
        SQL_ROLLBACK,
        SQL_GET,
        SQL_SET,
        SQL_FIND,
        SQL_ADD,
        SQL_SUPERSEDE,
        SQL_CHANGE,
        SQL_DROP_NEWER,
        SQL_DROP_NEWER_VERSIONS,
        SQL_DROP_NEWER_EVENTS,
        SQL_RESTORE,
        SQL_RESTORE_VERSIONS,
        SQL_RESTORE_EVENTS,
        SQL_RECORD,
        SQL_ROW,
        SQL_EVENT_PUT,
        SQL_EVENT_NEXT,
        SQL_VERSION_FRAME,
        SQL_VERSION_COUNT,
        SQL_LIST, /* and fifteen more: see catalog_list.c */
        SQL_LIST_END = SQL_LIST + 15,
        SQL_FORM,
        SQL_MARK,
        SQL_MARK_FRESH,
        SQL_MARK_AGAIN,
        SQL_NOTE,
        SQL_NOTES,
        SQL_NOTES_CLEAR,
        SQL_NEWER,
        SQL_OLDER,
        SQL_NEWER_ANY,
        SQL_OLDER_ANY,
        SQL_SECOND,
        SQL_MESSAGES,
        SQL_WANTED,
        SQL_NEWEST_ROW,
        SQL_COUNTS,
        SQL_WANTED_COUNT,
        SQL_MISSING_COUNT,
        SQL_GONE,
        SQL_UNSEEN,
        SQL_THERE,
        SQL_SEGMENT_PUT,
        SQL_SEGMENT_GET,
        SQL_SEGMENT_NEXT,
        SQL_FRAME_COUNT,
        SQL_FRAME_SEGMENTS,
        SQL_WALK_PUT,
        SQL_WALK_GET,
        SQL_WALK_LAST,
        SQL_STATEMENTS,
};

extern const char catalog_schema[];
extern const char *const catalog_text[SQL_STATEMENTS];

#define CATALOG_NOTES_MAX \
        4096 /* rows noted in memory (32 KiB a head); more go to a temporary table */

#define CATALOG_OLD_MAX \
        256 /* rows that are changed behind a point: an ordinary page's, and what comes with them */

struct catalog {
        sqlite3 *db;
        sqlite3_stmt *statements[SQL_STATEMENTS];
        bool in_transaction;
        struct err why;            /* of the last statement that failed */
        bool corrupt;              /* SQLite found the file damaged */
        bool moved;                /* SQLite found it removed, renamed or replaced */
        uint64_t frames[STREAMS];  /* that what is put now lies in */
        uint8_t salt[SHA256_SIZE]; /* of the keys of ids */
        struct catalog_notes {
                int64_t rows[CATALOG_NOTES_MAX];
                size_t n;
                bool spilled;
        } notes[2]; /* a head each */
        struct catalog_point {
                bool set;
                bool full; /* more was changed than fits here */
                int64_t newest_row;
                struct catalog_old {
                        int64_t row, created;
                        uint64_t versions, frame, prompt, event;
                        enum catalog_messages messages;
                        bool gone, has_form;
                        uint8_t digest[SHA256_SIZE], form[SHA256_SIZE];
                } old[CATALOG_OLD_MAX];
                size_t n;
        } back;
};

/* The statement, reset and without bindings; prepared at its first use. */
int catalog_statement(struct catalog *c, enum catalog_sql which, sqlite3_stmt **ret, struct err *e);
/* sqlite3_step: 0 a row, CATALOG_NONE done, -1 failed (ERR_HOST, the database's words). After
 * CATALOG_NONE and -1 the statement is reset. */
int catalog_step(struct catalog *c, sqlite3_stmt *s, struct err *e);
/* For statements that yield no row. */
int catalog_run(struct catalog *c, sqlite3_stmt *s, struct err *e);
int catalog_fail(struct catalog *c, struct err *e);
/* A new catalog's salt, put into its open transaction; an old one's. CATALOG_STALE: it has none. */
int catalog_new_salt(struct catalog *c, struct err *e);
int catalog_load_salt(struct catalog *c, struct err *e);
int64_t catalog_key(const struct catalog *c, const char *id, size_t n);
/* Before a row is changed: what catalog_back() makes of it again. */
int catalog_keep_old(struct catalog *c, int64_t row, struct err *e);
/* The record of a statement whose columns are those of CATALOG_COLUMNS. */
#define CATALOG_COLUMNS                                                                         \
        "row, created, digest, versions, seen_at, walk, heads, messages, gone, frame, prompt, " \
        "form"
#define CATALOG_COLUMNS_N 12
void catalog_take_record(sqlite3_stmt *s, struct catalog_record *ret);
/* A digest in a column; zeros, and false, if there is none. */
bool catalog_take_digest(sqlite3_stmt *s, int column, uint8_t ret[static SHA256_SIZE]);
/* Copies the id in a column out. */
void catalog_take_text(sqlite3_stmt *s, int column, char ret_id[static CATALOG_ID_MAX]);
/* The same, and resets the statement. */
void catalog_take_id(sqlite3_stmt *s, int column, char ret_id[static CATALOG_ID_MAX]);
