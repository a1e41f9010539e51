/* The intake: completions as a page reader hands them on, each compared with what the archive has,
 * and appended if it is new or differs. Commits whenever the archive says that it is due. */
#pragma once

#include "base/clock.h"
#include "store/archive.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stdint.h>

struct intake;

struct intake_record {
        const char *id; /* valid during the call */
        size_t id_length;
        int64_t created;
        bool fresh; /* was appended: new, or another version */
};

/* each: told of every whole record, known or not; NULL: nobody. */
struct intake *intake_new(struct archive *a, const struct clock *clock,
                          void (*each)(void *ctx, const struct intake_record *record), void *ctx);
struct intake *intake_free(struct intake *i); /* takes NULL */

/* How much of what was known came in another form. A server that puts an object's members in
 * another order each time would make a version of every record in every walk: once more than half
 * of INTAKE_TALLY_MIN re-read records or more differ from what is archived, records are held against
 * their newest archived version by value (base/form), and one that says the same is as good as
 * known: nothing is written of it, and the archive keeps the form that it has. Until then, bytes
 * decide; so from such a server the first 20 to 40 records get a version more. Where the archived
 * version cannot be read back, bytes decide as well.
 *
 * What the walk's count says at its end, the catalog remembers: the next one begins so, and leaves
 * it as soon as its own count, of INTAKE_TALLY_MIN or more, says otherwise. What a walk has found
 * by itself stays for the rest of it. */
#define INTAKE_TALLY_MIN 20

struct intake_tally { /* zeroed for each walk; to be read only */
        uint64_t reread, differ;
        bool unstable;
        bool inherited;  /* it was so in the walk before, and nothing has spoken against it */
        bool remembered; /* what the catalog has */
        bool loaded;
};

/* Count in *tally, which must stay, in place of one of its own: a walk has one, whichever of its
 * intakes a record comes through. Not in the middle of a record. */
void intake_set_tally(struct intake *i, struct intake_tally *tally);
/* Known from the first record on. */
bool intake_is_unstable(const struct intake *i);
/* The same, found by this walk: once that is so, it stays so; to be said then. */
bool intake_found_unstable(const struct intake *i);

/* What a page reader writes to. Returns SPOOL_BUSY for a giant whose place is taken. Rows are noted
 * in the catalog; to settle or forget them is the caller's. */
struct page_sink intake_sink(struct intake *i);
/* For an answer of one record that is to count only once all of it has come, and is the one that
 * was asked for: what this sink takes waits in the intake. One that had to wait for a giant's place
 * returns SPOOL_BUSY here or from intake_keep(). */
struct page_sink intake_sink_held(struct intake *i);
/* Forget what waits, or is in the middle: for intake_sink_held, an attempt begins (again). */
void intake_drop(struct intake *i);
/* Its id, valid until the next; NULL: none is whole. */
const char *intake_held(const struct intake *i);
/* Take it into the archive if it is new or differs; *ret_row: its row, which is not noted. 0,
 * SPOOL_BUSY, or -1: archive_undo() is due. */
int intake_keep(struct intake *i, int64_t *ret_row, struct err *e);
/* A page begins (again): what is in the middle of a record is void. The response's request id is
 * not known before its end: that of the page before is given to its records. */
int intake_restart(struct intake *i, struct err *e); /* ERR_HOST */
/* Whose notes its rows are; else those of CATALOG_DESC. */
void intake_set_head(struct intake *i, enum catalog_heads head);
/* Take back what was appended since the page began, as far as no commit has caught it. -1: it cannot
 * be taken back alone (others have appended meanwhile), and archive_undo() is due. */
int intake_back(struct intake *i, struct err *e);
void intake_set_request_id(struct intake *i, const char *request_id);
