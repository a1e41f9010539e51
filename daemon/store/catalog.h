/* The catalog: what the ledger and the segments say, in a form that can be asked. SQLite, derived,
 * rebuilt when it is missing. One writer, which holds the ledger's lock; rows of records in frames
 * that are not committed yet live in the open transaction. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/sha256.h"
#include "store/ledger.h"
#include "store/name.h"

#include <stdbool.h>
#include <stdint.h>

#define CATALOG_FILE     "catalog.sqlite3"
#define CATALOG_FILE_NEW CATALOG_FILE ".new" /* while it is built beside another one */
#define CATALOG_VERSION  5   /* of the tables; another one is rebuilt, not converted */
#define CATALOG_ID_MAX   257 /* bytes of an id, NUL included (wire/page takes no longer ones) */
#define CATALOG_NONE     1   /* no such row */
#define CATALOG_FULL     3   /* catalog_back: see there */
#define CATALOG_STALE    2   /* opening: the file is no catalog of this version, or is damaged */

struct catalog;

/* ---- the file ---- */

/* Open DIR's catalog for writing; made if it is missing (*ret_new). CATALOG_STALE: nothing was
 * changed; remove it and open again. */
int catalog_open(int dirfd, struct catalog **ret, bool *ret_new, struct err *e);
/* Open it for reading, beside a writer; waits up to 15 s for a commit under way. CATALOG_NONE if it
 * is missing, CATALOG_STALE if it cannot be read as it is (a copy after a crash on a read-only
 * disk, say). */
int catalog_open_readonly(int dirfd, struct catalog **ret, struct err *e);
/* A new one in a file without a name, outside the archive ($SQLITE_TMPDIR, $TMPDIR, /var/tmp,
 * /tmp): for readers that cannot use DIR's. It is gone when it is closed. */
int catalog_open_temporary(struct catalog **ret, struct err *e);
struct catalog *
catalog_close(struct catalog *c); /* an open transaction is rolled back; takes NULL */
/* The file was found damaged, by whatever failed: it has to be removed, and built anew. */
bool catalog_is_corrupt(const struct catalog *c);
/* The file was removed, renamed or replaced while it was open: close it and open again. What is there
 * now under its name, if anything, is another one. */
bool catalog_is_moved(const struct catalog *c);
int catalog_remove(int dirfd, struct err *e); /* with its journal; 0 also if there is none */

/* One that is built beside DIR's, to be put in its place or removed: by nobody but who holds the
 * ledger's lock. Nothing of it is synced before catalog_replace(). */
int catalog_open_beside(int dirfd, struct catalog **ret, struct err *e);
void catalog_remove_beside(int dirfd);
/* It is committed and closed: in the old one's place, durably. At each moment there is the old one,
 * none, or the new one. */
int catalog_replace(int dirfd, struct err *e);

/* The last line of the ledger that is reflected. */
int catalog_head(struct catalog *c, struct ledger_head *ret, struct err *e);

/* The writer's one transaction: begun by whatever needs it. commit stores the head with it. */
int catalog_begin(struct catalog *c, struct err *e);
int catalog_commit(struct catalog *c, const struct ledger_head *head, struct err *e);
void catalog_rollback(struct catalog *c);

/* A point within the transaction, one at a time: save sets it anew; back takes what add, change,
 * set_gone and set_messages have done back to it, and stays there. A form that a row was given
 * without being changed may stay: it is still that of its newest version. CATALOG_NONE if a
 * commit or a rollback has come since, CATALOG_FULL if so much was changed that only a rollback
 * helps. */
int catalog_save(struct catalog *c, struct err *e);
int catalog_back(struct catalog *c, struct err *e);

/* ---- completions ---- */

enum catalog_messages { CATALOG_WANTED, CATALOG_ARCHIVED, CATALOG_EMPTY, CATALOG_MISSING };
enum catalog_heads { CATALOG_DESC = 1, CATALOG_ASC = 2 }; /* bits: which head of a walk saw it */

struct catalog_record {
        int64_t row;
        int64_t created;             /* seconds since 1970 */
        uint8_t digest[SHA256_SIZE]; /* of the newest version */
        uint64_t versions;
        int64_t seen_at; /* seconds since 1970: when it was last seen */
        uint64_t walk;   /* the last walk that saw it */
        unsigned heads;  /* of that walk */
        enum catalog_messages messages;
        bool gone;       /* the server was found not to have it any more */
        uint64_t frame;  /* where the newest version lies: see archive_find */
        uint64_t prompt; /* the frame of messages that holds its own; 0: none does */
        bool has_form;
        uint8_t form[SHA256_SIZE]; /* of the newest version's values, if it was asked for before */
};

int catalog_find(struct catalog *c, const char *id, size_t n, struct catalog_record *ret,
                 struct err *e); /* or CATALOG_NONE */
int catalog_add(struct catalog *c, const char *id, size_t n, int64_t created,
                const uint8_t digest[static SHA256_SIZE], int64_t *ret_row, struct err *e);
int catalog_change(struct catalog *c, int64_t row, int64_t created,
                   const uint8_t digest[static SHA256_SIZE], struct err *e);

/* The frame (its ordinal within the stream) that what is put from now on lies in: rows added or
 * changed, messages that are archived, events. A change forgets the form. The archive says it;
 * nobody else has to. */
void catalog_set_frame(struct catalog *c, enum stream stream, uint64_t frame);
int catalog_set_form(struct catalog *c, int64_t row, const uint8_t form[static SHA256_SIZE],
                     struct err *e);

/* Seen marks belong to a page and count only once the page passed: rows are noted, then settled or
 * forgotten. Each head has its own. They take bounded memory (a temporary table behind it). */
int catalog_note(struct catalog *c, enum catalog_heads head, int64_t row, struct err *e);
/* *ret_fresh: how many of them this walk had not seen before. */
int catalog_settle_notes(struct catalog *c, uint64_t walk, enum catalog_heads head, int64_t seen_at,
                         uint64_t *ret_fresh, struct err *e);
int catalog_forget_notes(struct catalog *c, enum catalog_heads head, struct err *e);
/* A mark without a page: the catalog's own rebuilding. */
int catalog_mark(struct catalog *c, int64_t row, uint64_t walk, enum catalog_heads head,
                 int64_t seen_at, struct err *e);

/* The record next to `created` on the given side (newer: created > it, else <), among those that
 * head of that walk has seen (walk 0: among all); of several in that second, any. */
int catalog_beside(struct catalog *c, int64_t created, bool newer, uint64_t walk,
                   enum catalog_heads head, char ret_id[static CATALOG_ID_MAX],
                   int64_t *ret_created, struct err *e);
/* The next record of a second, by row, that head of that walk has seen; start with row 0. */
int catalog_second(struct catalog *c, int64_t created, uint64_t walk, enum catalog_heads head,
                   int64_t *row, char ret_id[static CATALOG_ID_MAX], struct err *e);

/* ---- completions that vanish ---- */

int catalog_set_gone(struct catalog *c, int64_t row, bool gone, struct err *e);
/* The next completion that is not gone, was not seen by `walk`, but by one from first_walk on, newest
 * first, behind (*created, *row); start with INT64_MAX in both. Or CATALOG_NONE. Reads past those
 * that are seen: all calls together once through what is not gone. */
int catalog_unseen(struct catalog *c, uint64_t walk, uint64_t first_walk, int64_t *created,
                   int64_t *row, char ret_id[static CATALOG_ID_MAX], struct err *e);
/* Of those that are not gone, last seen by first_walk or later, and created at `since` or later: how
 * many there are, and how many of them `walk` has not seen. */
int catalog_count_unseen(struct catalog *c, uint64_t walk, uint64_t first_walk, int64_t since,
                         uint64_t *ret_there, uint64_t *ret_unseen, struct err *e);

/* ---- a completion's history ---- */

/* A line of `changes` of the types changed, gone and returned was put for it. */
int catalog_put_event(struct catalog *c, int64_t row, struct err *e);
/* The next frame of `changes` behind *frame that has such lines for it; start with 0. */
int catalog_next_event(struct catalog *c, int64_t row, uint64_t *frame, struct err *e);
/* The frame that holds a version which is not the newest any more. */
int catalog_version_frame(struct catalog *c, int64_t row, uint64_t version, uint64_t *ret,
                          struct err *e);
/* How many versions below `version` lie in that frame. */
int catalog_count_versions(struct catalog *c, int64_t row, uint64_t version, uint64_t frame,
                           uint64_t *ret, struct err *e);

/* ---- many completions, for readers ---- */

struct catalog_range {
        int64_t since, until; /* created, both included */
        bool gone, changed;   /* only those that are, or have more than one version */
        bool newest_first;
        bool started; /* go on behind these: */
        int64_t created, row;
};

/* The next ones by (created, row), `limit` at most; fn is told of each within a read transaction,
 * and must not call the catalog. *g is moved on behind the last; *ret_n: how many there were, fewer
 * than `limit` only at the end. An order that makes no sense is a catalog that is_corrupt. */
int catalog_list(struct catalog *c, struct catalog_range *g, size_t limit,
                 void (*fn)(void *ctx, const char *id, const struct catalog_record *r), void *ctx,
                 size_t *ret_n, struct err *e);

/* ---- messages: the queue of completions that lack them ---- */

int catalog_set_messages(struct catalog *c, const char *id, size_t n, enum catalog_messages state,
                         struct err *e);
/* The next that is wanted behind (*created, *row), oldest first; start with INT64_MIN and 0. */
int catalog_wanted(struct catalog *c, int64_t *created, int64_t *row,
                   char ret_id[static CATALOG_ID_MAX], struct err *e);
/* The same among rows above `floor` only: those that came after another one was the newest. */
int catalog_wanted_above(struct catalog *c, int64_t floor, int64_t *created, int64_t *row,
                         char ret_id[static CATALOG_ID_MAX], struct err *e);
int catalog_newest_row(struct catalog *c, int64_t *ret, struct err *e); /* 0: there is none */
/* created of the oldest completion whose messages are wanted; CATALOG_NONE if none are. */
int catalog_oldest_wanted(struct catalog *c, int64_t *ret_created, struct err *e);

struct catalog_counts {
        uint64_t completions, wanted, missing, versions, gone;
        int64_t newest, oldest; /* created; 0 if there is none */
};
/* From the indexes: the table is not read. */
int catalog_counts(struct catalog *c, struct catalog_counts *ret, struct err *e);
/* Of these the wanted ones alone. */
int catalog_count_wanted(struct catalog *c, uint64_t *ret, struct err *e);

/* ---- segments ---- */

struct catalog_segment {
        struct name name; /* .open as it stands in the ledger: sealed by a seal line or not */
        uint64_t length;  /* bytes that its frames have */
        uint64_t frames;
        usec_t first;    /* time of its first frame */
        uint64_t ledger; /* the offset in the ledger of its first frame's line */
        uint64_t seq;    /* and that line's seq */
};

int catalog_put_segment(struct catalog *c, const struct catalog_segment *s, struct err *e);
int catalog_get_segment(struct catalog *c, enum stream stream, uint32_t number,
                        struct catalog_segment *ret, struct err *e);
/* The next one behind (stream, number); start with the first stream and 0. Runs on over the
 * streams. only_open: those without a seal line. */
int catalog_next_segment(struct catalog *c, enum stream stream, uint32_t number, bool only_open,
                         struct catalog_segment *ret, struct err *e);

/* How many frames the stream has in all its segments. */
int catalog_count_frames(struct catalog *c, enum stream stream, uint64_t *ret, struct err *e);
/* The segment that the stream's frame number `frame` (from 1, through all segments) lies in, and
 * the how manieth it is there (from 1). Or CATALOG_NONE. */
int catalog_frame_segment(struct catalog *c, enum stream stream, uint64_t frame,
                          struct catalog_segment *ret, uint64_t *ret_nth, struct err *e);

/* ---- walks ---- */

enum catalog_state { CATALOG_RUNNING, CATALOG_COMPLETE, CATALOG_FAILED };

struct catalog_walk {
        uint64_t number;
        bool full;
        enum catalog_state state;
        usec_t started, ended; /* ended 0: running, or killed */
        uint64_t pages, seen, new, changed, gone;
        int64_t newest, oldest; /* created; 0: none */
        int64_t watermark;      /* seconds; 0: none, re-read everything */
        char reason[32];
        char detail[ERR_TEXT_MAX];
        char desc[CATALOG_ID_MAX], asc[CATALOG_ID_MAX]; /* cursors; "": none */
        uint64_t gaps;                                  /* seconds that may hold more */
        uint8_t scope[SHA256_SIZE]; /* digest of base URL and filter: walks of one scope compare */
};

int catalog_put_walk(struct catalog *c, const struct catalog_walk *w, struct err *e);
int catalog_get_walk(struct catalog *c, uint64_t number, struct catalog_walk *ret, struct err *e);
/* The newest walk before `number` (0: of all) that is complete, or of any state; full ones only, or
 * of either kind. */
int catalog_last_walk(struct catalog *c, uint64_t number, bool only_complete, bool only_full,
                      struct catalog_walk *ret, struct err *e);

/* The full seconds of one walk, for the one that goes on with it: as in a walk's line, "[1,2]". */
int catalog_set_gaps(struct catalog *c, uint64_t walk, const char *list, struct err *e);
/* CATALOG_NONE: another walk's are there, or none. */
#define CATALOG_GAPS_MAX 16384
int catalog_get_gaps(struct catalog *c, uint64_t walk, char ret[static CATALOG_GAPS_MAX],
                     struct err *e);

/* ---- single values ---- */

int catalog_set_text(struct catalog *c, const char *key, const char *value, struct err *e);
int catalog_get_text(struct catalog *c, const char *key, char *ret, size_t room, struct err *e);
