/* The archive: streams of records in segments, the ledger that commits them, the catalog that finds
 * them. One writer at a time, who holds the ledger's lock. Nothing is there before
 * archive_commit() returned 0; after a failure everything since the last commit is undone. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/catalog.h"
#include "store/frame.h"
#include "store/ledger.h"
#include "store/name.h"
#include "store/spool.h"
#include "store/unpack.h"
#include "store/work.h"

#include <stdbool.h>
#include <stdint.h>

#define ARCHIVE_FORMAT_VERSION 1
#define ARCHIVE_FRAME_AGE      (10 * USEC_PER_SEC) /* an open frame is committed after that long */
#define ARCHIVE_REQUEST_ID_MAX 128                 /* bytes, NUL included */
#define ARCHIVE_LOCKED         1                   /* another process writes to it */
#define ARCHIVE_BASE_URL_MAX   2048 /* bytes kept of them, NUL included: the rest does not count */
#define ARCHIVE_PROJECT_MAX    256

struct archive;

struct archive_config {
        const char *directory; /* made if it is missing, its parent not */
        enum packing packing;
        int level;
        uint64_t frame_size, segment_size, min_free; /* bytes */
        usec_t segment_age;
        const char *base_url, *project; /* for a new archive's `open` line; project may be NULL */
};

/* Where the writing floor knows nothing of what is in a record, its owner lends a hand: read the
 * text of a frame that the catalog lacks and put its records there. */
typedef int (*archive_index_fn)(struct catalog *c, const struct frame_ref *frame, uint64_t walk,
                                usec_t time, struct unpack *text, struct err *e);

/* What its owner may want to know, mostly for the journal; each may be NULL. None may call the
 * archive. Texts are one line each. */
struct archive_watch {
        void (*recovered)(void *ctx, const char *what); /* what opening found to do */
        void (*sealed)(void *ctx, const char *path, uint64_t length);
        void *ctx;
        /* Long work goes on: told each WORK_LINES lines and each WORK_BYTES bytes that opening, or archive_read(),
         * reads, each SEGMENT_PIECE of a giant that is put behind its segment, and after each sync
         * of so much, in archive_append(), a commit or a seal. Not within one system call (the
         * fsync of a whole segment). */
        void (*working)(void *ctx);
        /* The fdatasync of the segment at `path` failed: it takes no further frame in this run. The
         * commit fails with the same error. */
        void (*poisoned)(void *ctx, const char *path, const struct err *why);
};

/* Lock, check, bring the catalog up to date, recover what a crash left. ARCHIVE_LOCKED; or -1:
 * ERR_DAMAGE (nothing was touched), ERR_CONFIG (no archive, and no place for one), ERR_HOST.
 * *config's strings and *watch must stay. */
int archive_open(const struct archive_config *config, archive_index_fn index,
                 const struct archive_watch *watch, usec_t now, struct archive **ret,
                 struct err *e);
/* What is not committed is undone. Takes NULL, returns NULL. */
struct archive *archive_close(struct archive *a);

struct catalog *archive_catalog(struct archive *a);
const struct ledger_head *archive_head(const struct archive *a);
struct spool_place *archive_spool_place(struct archive *a);

/* Where the records come from, by the ledger's `open` and `source` lines. The project is "" while
 * it is unknown; the base URL has no slash at its end. */
const char *archive_base_url(const struct archive *a);
const char *archive_project(const struct archive *a);
/* The first walk since the base URL changed, 0 if it never did: what an earlier walk saw last was
 * seen on another server, and says nothing of this one. */
uint64_t archive_source_walk(const struct archive *a);
/* To be called before a walk has committed anything. NULL or "" for a project that is not known:
 * it stays what it was on the same server, and is unknown on another one. Where something differs,
 * everything is committed with a `source` line behind it, as archive_line() does. */
int archive_set_source(struct archive *a, const char *base_url, const char *project, usec_t now,
                       struct err *e);

/* The walk in hand, which commits store: set it at its start, then keep it up to date in place. Its
 * cursors must name only pages all of whose records have been appended. An undo sets it back to
 * what was committed. number 0: none. */
void archive_set_walk(struct archive *a, const struct catalog_walk *walk);
struct catalog_walk *archive_walk(struct archive *a);
/* A `begin` line with these members, once, in the group of the walk's first frames; NULL: none. */
void archive_set_begin(struct archive *a, const char *members);

/* Put a spool's lines into the stream's open frame (a giant's frame behind it). request_id: of the
 * response, "" if unknown. The catalog's rows for them are the caller's to put, before the next
 * commit. On failure archive_undo() is due. */
int archive_append(struct archive *a, enum stream stream, struct spool *spool,
                   const char *request_id, usec_t now, struct err *e);
/* Should it be committed now: a frame is full or old, or a giant waits? */
bool archive_due(const struct archive *a, usec_t now);
/* Commit everything: frames of all streams as one group, the catalog's rows with them. On failure
 * it is all undone. */
int archive_commit(struct archive *a, usec_t now, struct err *e);
/* What is due, or with `anyway` whether it is or not: committed, and then the segments sealed that
 * are. */
int archive_keep_up(struct archive *a, bool anyway, usec_t now, struct err *e);
/* Commit everything with a ledger line of its own behind it, in one group; the catalog's rows that
 * say the same must be in the transaction already. */
int archive_line(struct archive *a, usec_t now, const char *type, const char *members,
                 struct err *e);
/* Back to the last commit. Of a stale archive nothing on the disk is touched: its ledger may name it. */
void archive_undo(struct archive *a);

/* A point to come back to, one at a time: mark sets it anew, a commit removes it. back takes away
 * what was appended since, from the frames, the rows and the walk's counts; 0 also if a commit came
 * between, which stays. -1: it cannot be taken back alone (a giant came between, or the disk
 * failed), and archive_undo() is due. */
int archive_mark(struct archive *a, usec_t now, struct err *e);
/* How often each was done since the archive was opened: for those who share it, to see what others
 * did meanwhile. */
struct archive_tally {
        uint64_t appends, marks, commits, undos;
};
const struct archive_tally *archive_tally(const struct archive *a);
int archive_back(struct archive *a, struct err *e);
/* A commit was written to the ledger but could not be reflected, the catalog was found damaged or
 * removed, or the ledger or a growing segment was removed (ERR_DAMAGE; it is too late for those):
 * the archive has to be closed and opened again before it is good for anything. */
bool archive_is_stale(const struct archive *a);
/* Why a commit failed since tally.undos had this value, or NULL: whoever finds undone what it wrote
 * was not the one to be told. */
const struct err *archive_why(const struct archive *a, uint64_t undos);

/* Seal the segments that are due: too long, too old, of another day; or all that have frames. All
 * must be committed. */
int archive_seal(struct archive *a, usec_t now, bool all, struct err *e);

/* The stream's frame number `frame`, from 1 through all segments in the ledger's order, such as
 * catalog_record's. ARCHIVE_NO_FRAME: there is none, or it is not committed yet. Reads the ledger
 * from the segment's first frame on. */
#define ARCHIVE_NO_FRAME 1
int archive_find(struct archive *a, enum stream stream, uint64_t frame, struct frame_ref *ret,
                 struct err *e);
/* Read a committed frame's text, proven by its digest first: what fn returns, or -1; ERR_DAMAGE: it
 * is not what the ledger says. Tells the watch that it goes on. */
int archive_read(struct archive *a, const struct frame_ref *frame,
                 int (*fn)(void *ctx, struct unpack *text, struct err *e), void *ctx,
                 struct err *e);

/* Build the catalog anew, from ledger and segments alone, beside the one that is there, and put it in
 * its place: after a crash in between there is the old one, none, or the new one. Holds the lock
 * meanwhile; cuts nothing, seals nothing. ARCHIVE_LOCKED; or -1: ERR_DAMAGE, and the catalog stays as it is
 * (if it can be opened it must fit the ledger, too), ERR_CONFIG, ERR_HOST. Of *watch, which may be
 * NULL, only `working` is called. */
struct archive_reindexed {
        struct catalog_counts counts;
        struct ledger_head head; /* that it reflects */
};
int archive_reindex(const char *directory, archive_index_fn index,
                    const struct archive_watch *watch, struct archive_reindexed *ret,
                    struct err *e);

/* Is there room to go on, after a full disk or an error of it? Asks for MinFree, then makes a file
 * without a name in the archive's directory, reserves FrameSize there and drops it: quotas, reserved
 * blocks and a file system that has become read-only are seen that way. Changes nothing. -1:
 * ERR_HOST with errnum set (ENOSPC, EDQUOT, EROFS, EIO ...). */
int archive_room(struct archive *a, struct err *e);

/* Stored bytes committed since the archive was opened. */
uint64_t archive_stored(const struct archive *a);
