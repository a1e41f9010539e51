/* The inside of the archive, shared by its parts: opening, archive (append), commit, mark, replay
 * (ledger into catalog), recover (files after a crash). Only they include it. */
#pragma once

#include "store/archive.h"
#include "store/replay.h"
#include "store/work.h"

/* Frames in one commit: one a stream, giants, and what they pushed out. */
#define ARCHIVE_GROUP_MAX 32

struct archive_source {
        char base_url[ARCHIVE_BASE_URL_MAX], project[ARCHIVE_PROJECT_MAX];
        uint64_t walk;
};

struct archive {
        struct archive_config config;
        struct archive_watch watch;
        struct work work; /* what takes long tells here that it goes on */
        int dirfd;
        struct ledger *ledger;
        struct catalog *catalog;
        struct spool_place place;
        struct archive_source source; /* as committed */

        struct segment *segments[STREAMS]; /* growing, or NULL */
        bool touched[STREAMS];             /* written to since the last commit */
        uint32_t next[STREAMS];            /* number of the next segment */

        uint64_t counted[STREAMS];     /* committed frames in all segments */
        struct frame *frames[STREAMS]; /* open, or NULL */
        struct frame *encoding;        /* that of them which has the encoder */
        struct frame_ref group[ARCHIVE_GROUP_MAX];
        char request_ids[ARCHIVE_GROUP_MAX][ARCHIVE_REQUEST_ID_MAX];
        size_t n_group;
        uint64_t group_bytes;                             /* plain, of the giants in it */
        usec_t group_first;                               /* when the first of them came */
        char request_id[STREAMS][ARCHIVE_REQUEST_ID_MAX]; /* of the open frames */
        bool due;

        struct catalog_walk walk, walk_committed;
        char *begin; /* members of a `begin` line that waits, or NULL */
        bool stale;
        struct err why;     /* of the last commit that failed */
        uint64_t why_undos; /* what tally.undos was behind that */
        uint64_t stored;
        struct archive_tally tally;

        /* The point that archive_mark() set. */
        struct {
                bool set;     /* and no commit has come since */
                usec_t began; /* the first since a commit: the transaction is open since; 0: none */
                size_t n_group;
                struct {
                        bool open;
                        uint64_t records, bytes;
                } frames[STREAMS];
                struct catalog_walk walk;
        } mark;
};

/* opening.c */
/* The open line, first of an archive that has none. */
int archive_begin(struct archive *a, usec_t now, struct err *e);
/* source.c */
/* A new archive's, as its open line says; of a line that is replayed; and what they came to, once
 * all is committed. */
int source_open(struct archive *a, struct err *e);
int source_replay(struct archive *a, const struct ledger_line *line, struct err *e);
int source_load(struct archive *a, struct err *e);
/* archive.c */
int archive_segment(struct archive *a, enum stream stream, usec_t now, struct err *e);
/* End a stream's open frame and put it into the group. */
int archive_close_frame(struct archive *a, enum stream stream, usec_t now, struct err *e);
void archive_drop_segment(struct archive *a, enum stream stream);

/* find.c: frames by their number within the stream. */
/* Count those that are committed, from the catalog. */
int find_load(struct archive *a, struct err *e);
/* The number of the stream's open frame, or of the next one that is put into the group. */
uint64_t find_next(const struct archive *a, enum stream stream);

/* room.c */
/* Is as much free as MinFree asks for? */
int archive_check_space(struct archive *a, struct err *e);
/* Is there room for a copy of `path`, n bytes? It shall not fill the disk only to find out. */
int archive_check_copy(struct archive *a, uint64_t n, const char *path, struct err *e);

/* commit.c */
/* Are the ledger and the growing segments still files with a name? If not, ERR_DAMAGE, and the
 * archive is stale. */
int archive_check_linked(struct archive *a, struct err *e);
/* The stream's segment had a sync fail, as *why says: it takes no further frame, and everything is
 * undone. -1, with the file's name put in front of *why. */
int archive_poison(struct archive *a, enum stream stream, struct err *why);
/* What a stale archive says to whatever would write: why it is. -1. */
int archive_refuse(const struct archive *a, struct err *e);
/* Seal the stream's growing segment, all of which is committed. Whatever comes of it, the segment
 * takes no further frame. */
int archive_seal_one(struct archive *a, enum stream stream, usec_t now, struct err *e);

/* torn.c */

/* What reading the whole chain found. */
struct replay_chain {
        struct ledger_head good; /* behind the last complete group */
        uint64_t end;            /* bytes of the file: more than good.offset is torn */
};

/* Check the chain from its start, and that the catalog's head (seq 0: there is none) lies in it.
 * ERR_DAMAGE. */
int replay_check(int fd, const struct ledger_head *catalog, struct work *work,
                 struct replay_chain *ret, struct err *e);

/* replay.c: the ledger's lines into the catalog's rows. */

/* Bring the catalog's rows from its head up to `to`, reading the frames that it lacks. */
int replay_catch_up(struct archive *a, const struct ledger_head *from, const struct ledger_head *to,
                    archive_index_fn index, struct err *e);
/* Call fn for each frame of a segment, in order. */
int replay_segment(struct archive *a, const struct catalog_segment *segment,
                   int (*fn)(void *ctx, const struct frame_ref *frame, struct err *e), void *ctx,
                   struct err *e);

/* recover.c: the files. */

/* Is every segment there, and long enough? Changes nothing. ERR_DAMAGE. */
int recover_check(struct archive *a, struct err *e);
/* Make the files what the ledger says. */
int recover_ledger(struct archive *a, const struct replay_chain *chain, usec_t now, struct err *e);
int recover_segments(struct archive *a, usec_t now, struct err *e);
