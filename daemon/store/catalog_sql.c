/* What the catalog says to SQLite. */
#include "store/catalog_db.h"

const char catalog_schema[] =
        "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE completion (row INTEGER PRIMARY KEY, id TEXT NOT NULL,"
        " key INTEGER NOT NULL, created INTEGER NOT NULL, digest BLOB NOT NULL, versions INTEGER "
        "NOT NULL,"
        " seen_at INTEGER NOT NULL, walk INTEGER NOT NULL, heads INTEGER NOT NULL,"
        " messages INTEGER NOT NULL, gone INTEGER NOT NULL, frame INTEGER NOT NULL,"
        " prompt INTEGER NOT NULL, form BLOB);"
        "CREATE INDEX completion_key ON completion (key);"
        "CREATE INDEX completion_created ON completion (created);"
        "CREATE INDEX completion_wanted ON completion (created, row) WHERE messages = 0;"
        /* Few rows are in these, so that a new row costs nothing, and the counts little. */
        "CREATE INDEX completion_missing ON completion (created) WHERE messages = 3;"
        "CREATE INDEX completion_gone ON completion (created) WHERE gone = 1;"
        "CREATE INDEX completion_changed ON completion (created, row, versions)"
        " WHERE versions > 1;"
        /* Of versions that are not the newest any more; of changed, gone and returned lines. */
        "CREATE TABLE version (row INTEGER NOT NULL, version INTEGER NOT NULL,"
        " frame INTEGER NOT NULL, PRIMARY KEY (row, version)) WITHOUT ROWID;"
        "CREATE TABLE event (row INTEGER NOT NULL, frame INTEGER NOT NULL,"
        " PRIMARY KEY (row, frame)) WITHOUT ROWID;"
        "CREATE TABLE segment (stream INTEGER NOT NULL, number INTEGER NOT NULL,"
        " path TEXT NOT NULL, sealed INTEGER NOT NULL, length INTEGER NOT NULL,"
        " frames INTEGER NOT NULL, first INTEGER NOT NULL, ledger INTEGER NOT NULL,"
        " seq INTEGER NOT NULL, PRIMARY KEY (stream, number)) WITHOUT ROWID;"
        "CREATE TABLE walk (number INTEGER PRIMARY KEY, full INTEGER, state INTEGER,"
        " started INTEGER, ended INTEGER, pages INTEGER, seen INTEGER, new INTEGER,"
        " changed INTEGER, gone INTEGER, newest INTEGER, oldest INTEGER, watermark INTEGER,"
        " reason TEXT, detail TEXT, head_desc TEXT, head_asc TEXT, gaps INTEGER, scope BLOB);";

/* Those behind a place: first the rest of its second, which may hold a million, then what comes
 * behind it. One condition for both would read the second from its start each time. */
#define LIST(which, condition, direction, behind)                                                 \
        [SQL_LIST + (which)] = "SELECT " CATALOG_COLUMNS ", id FROM completion"                   \
                               " WHERE " condition "created BETWEEN ?1 AND ?2"                    \
                               " ORDER BY created" direction ", row" direction " LIMIT ?3",       \
                    [SQL_LIST + (which) + 1] = "SELECT " CATALOG_COLUMNS ", id FROM completion"   \
                                               " WHERE " condition "created = ?1 AND row " behind \
                                               " ?2"                                              \
                                               " ORDER BY row" direction " LIMIT ?3"

const char *const catalog_text[SQL_STATEMENTS] = {
        [SQL_BEGIN] = "BEGIN IMMEDIATE",
        [SQL_COMMIT] = "COMMIT",
        [SQL_ROLLBACK] = "ROLLBACK",
        [SQL_GET] = "SELECT value FROM state WHERE key = ?1",
        [SQL_SET] = "INSERT OR REPLACE INTO state VALUES (?1, ?2)",
        [SQL_FIND] = "SELECT " CATALOG_COLUMNS " FROM completion WHERE key = ?2 AND id = ?1",
        [SQL_ADD] =
                "INSERT INTO completion (id, key, created, digest, versions, seen_at, walk, heads,"
                " messages, gone, frame, prompt) VALUES (?1, ?5, ?2, ?3, 1, 0, 0, 0, 0, 0, ?4, 0)",
        [SQL_SUPERSEDE] = "INSERT OR REPLACE INTO version"
                          " SELECT row, versions, frame FROM completion WHERE row = ?1",
        [SQL_CHANGE] = "UPDATE completion SET created = ?2, digest = ?3, versions = versions + 1,"
                       " frame = ?4, form = NULL WHERE row = ?1",
        [SQL_DROP_NEWER] = "DELETE FROM completion WHERE row > ?1",
        [SQL_DROP_NEWER_VERSIONS] = "DELETE FROM version WHERE row > ?1",
        [SQL_DROP_NEWER_EVENTS] = "DELETE FROM event WHERE row > ?1",
        [SQL_RESTORE] = "UPDATE completion SET created = ?2, digest = ?3, versions = ?4, gone = ?5,"
                        " frame = ?6, form = ?7, messages = ?8, prompt = ?9 WHERE row = ?1",
        [SQL_RESTORE_VERSIONS] = "DELETE FROM version WHERE row = ?1 AND version >= ?2",
        [SQL_RESTORE_EVENTS] = "DELETE FROM event WHERE row = ?1 AND frame > ?2",
        [SQL_RECORD] = "SELECT created, digest, versions, gone, frame, form, messages, prompt,"
                       " (SELECT max(frame) FROM event WHERE row = ?1)"
                       " FROM completion WHERE row = ?1",
        [SQL_EVENT_PUT] = "INSERT OR IGNORE INTO event VALUES (?1, ?2)",
        [SQL_EVENT_NEXT] = "SELECT frame FROM event WHERE row = ?1 AND frame > ?2"
                           " ORDER BY frame LIMIT 1",
        [SQL_VERSION_FRAME] = "SELECT frame FROM version WHERE row = ?1 AND version = ?2",
        [SQL_VERSION_COUNT] = "SELECT count(*) FROM version"
                              " WHERE row = ?1 AND version < ?2 AND frame = ?3",
        LIST(0, "", "", ">"),
        LIST(2, "", " DESC", "<"),
        LIST(4, "gone = 1 AND ", "", ">"),
        LIST(6, "gone = 1 AND ", " DESC", "<"),
        LIST(8, "versions > 1 AND ", "", ">"),
        LIST(10, "versions > 1 AND ", " DESC", "<"),
        LIST(12, "gone = 1 AND versions > 1 AND ", "", ">"),
        LIST(14, "gone = 1 AND versions > 1 AND ", " DESC", "<"),
        [SQL_ROW] = "SELECT row FROM completion WHERE key = ?2 AND id = ?1",
        [SQL_FORM] = "UPDATE completion SET form = ?2 WHERE row = ?1",
        [SQL_MARK] = "UPDATE completion SET heads = CASE walk WHEN ?2 THEN heads | ?3 ELSE ?3 END,"
                     " walk = ?2, seen_at = ?4 WHERE row = ?1",
        [SQL_MARK_FRESH] = "UPDATE completion SET heads = ?4, walk = ?3, seen_at = ?5"
                           " WHERE row BETWEEN ?1 AND ?2 AND walk <> ?3",
        [SQL_MARK_AGAIN] = "UPDATE completion SET heads = heads | ?4, seen_at = ?5"
                           " WHERE row BETWEEN ?1 AND ?2 AND walk = ?3",
        [SQL_NOTE] = "INSERT INTO temp.note VALUES (?1, ?2, ?3)",
        [SQL_NOTES] = "SELECT rowid, first, last FROM temp.note WHERE rowid > ?1 AND head = ?2"
                      " ORDER BY rowid LIMIT 1",
        [SQL_NOTES_CLEAR] = "DELETE FROM temp.note WHERE head = ?1",
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
        [SQL_MESSAGES] = "UPDATE completion SET messages = ?2, prompt = ?3 WHERE row = ?1",
        [SQL_WANTED] = "SELECT created, row, id FROM completion WHERE messages = 0 AND row > ?3"
                       " AND (created, row) > (?1, ?2) ORDER BY created, row LIMIT 1",
        [SQL_NEWEST_ROW] = "SELECT coalesce(max(row), 0) FROM completion",
        [SQL_COUNTS] = "SELECT (SELECT max(row) FROM completion),"
                       " (SELECT total(versions - 1) FROM completion WHERE versions > 1),"
                       " (SELECT min(created) FROM completion),"
                       " (SELECT max(created) FROM completion),"
                       " (SELECT count(*) FROM completion WHERE gone = 1)",
        [SQL_WANTED_COUNT] = "SELECT count(*) FROM completion WHERE messages = 0",
        [SQL_MISSING_COUNT] = "SELECT count(*) FROM completion WHERE messages = 3",
        [SQL_GONE] = "UPDATE completion SET gone = ?2 WHERE row = ?1",
        [SQL_UNSEEN] = "SELECT created, row, id FROM completion WHERE gone = 0"
                       " AND (created, row) < (?1, ?2) AND walk <> ?3 AND walk >= ?4"
                       " ORDER BY created DESC, row DESC LIMIT 1",
        [SQL_THERE] = "SELECT count(*), sum(walk <> ?2) FROM completion WHERE gone = 0"
                      " AND created >= ?1 AND walk >= ?3",
        [SQL_SEGMENT_PUT] = "INSERT OR REPLACE INTO segment VALUES"
                            " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        [SQL_SEGMENT_GET] = "SELECT path, sealed, length, frames, first, ledger, seq FROM segment"
                            " WHERE stream = ?1 AND number = ?2",
        [SQL_SEGMENT_NEXT] = "SELECT path, sealed, length, frames, first, ledger, seq FROM segment"
                             " WHERE (stream, number) > (?1, ?2) AND sealed <= ?3"
                             " ORDER BY stream, number LIMIT 1",
        [SQL_FRAME_COUNT] = "SELECT sum(frames) FROM segment WHERE stream = ?1",
        [SQL_FRAME_SEGMENTS] = "SELECT number, frames FROM segment WHERE stream = ?1"
                               " ORDER BY number",
        [SQL_WALK_PUT] = "INSERT OR REPLACE INTO walk VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                         " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        [SQL_WALK_GET] = "SELECT * FROM walk WHERE number = ?1",
        [SQL_WALK_LAST] = "SELECT * FROM walk WHERE (?1 = 0 OR number < ?1)"
                          " AND (?2 = 0 OR state = 1) AND (?3 = 0 OR full = 1)"
                          " ORDER BY number DESC LIMIT 1",
};
