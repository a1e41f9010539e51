/* The ledger: an append-only file of JSON lines, each holding the digest of itself and of the line
 * before. What it says is committed, nothing else is. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/sha256.h"
#include "store/work.h"

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_FILE     "ledger.jsonl"
#define LEDGER_LINE_MAX 65536 /* bytes; ours have 400, a walk with many gaps some thousands */
#define LEDGER_ZERO     "0000000000000000000000000000000000000000000000000000000000000000"

/* A place in the chain: behind the line `seq`, whose digest is `hash` and which ends at `offset`.
 * seq 0 and LEDGER_ZERO is the start. */
struct ledger_head {
        uint64_t seq;
        uint64_t offset; /* bytes */
        char hash[SHA256_HEX_SIZE];
};

#define LEDGER_START ((struct ledger_head){ .hash = LEDGER_ZERO })

/* ---- reading: any number of readers, also while a writer works ---- */

struct ledger_line {
        struct ledger_head head; /* behind this line */
        uint64_t offset;         /* where it begins */
        uint64_t group;          /* seq of its group's last line; its own seq if it says none */
        usec_t time;
        const char *text; /* without its newline; valid until the next call */
        size_t length;
        struct json members; /* the line as a value */
        struct json type;
        bool proven; /* all of the above can be believed. A BAD line's too, if it is only not
                      * where it belongs: the one before it was lost, say */
};

enum ledger_step {
        LEDGER_LINE, /* a line that proves itself and follows the one before */
        LEDGER_END,  /* nothing behind the last line */
        LEDGER_TAIL, /* bytes without a newline at the end, such as a torn write leaves */
        LEDGER_BAD,  /* a line that does not prove itself, does not follow, or makes no sense */
};

struct ledger_reader;

/* Read from `from` on, whose seq and hash are taken as they are; an empty hash: not known, the next
 * line's own word is taken. fd stays the caller's. */
struct ledger_reader *ledger_reader_new(int fd, const struct ledger_head *from);
struct ledger_reader *ledger_reader_free(struct ledger_reader *r);

/* The next line. For TAIL and BAD, ret->offset and ret->length say where, and *why what is wrong.
 * After BAD the next call goes on behind that line; it takes the following line's own word for what
 * came before it, if that line proves itself. -1: the file could not be read. */
int ledger_next(struct ledger_reader *r, struct ledger_line *ret, const char **why, struct err *e);

/* Members of a line, typed; false if absent or of another type. Strings are decoded into room-1
 * bytes at most (longer: false) and hold no NUL. */
bool ledger_uint(const struct json *line, const char *key, uint64_t *ret);
bool ledger_text(const struct json *line, const char *key, char *ret, size_t room);
/* The same of a value that json_members() found, or did not find. */
bool ledger_uint_of(const struct json *v, uint64_t *ret);
bool ledger_text_of(const struct json *v, char *ret, size_t room);

/* ---- writing: one writer, who holds the lock ---- */

struct ledger;

#define LEDGER_LOCKED 1

/* Open (or make) DIR's ledger and lock it; LEDGER_LOCKED: another process has it. Nothing is read
 * or written yet. */
int ledger_open(int dirfd, struct ledger **ret, struct err *e);
struct ledger *ledger_close(struct ledger *l); /* takes NULL, returns NULL; unlocks */
int ledger_fd(const struct ledger *l);

/* Where the next line goes: set once, after the chain was read up to there. */
void ledger_set_head(struct ledger *l, const struct ledger_head *head);
const struct ledger_head *ledger_head(const struct ledger *l);

/* Put a line into the group in hand. `members` is the text of the type's members:
 * `"walk":1,"state":"complete"`, or "". */
void ledger_put(struct ledger *l, usec_t now, const char *type, const char *members);
/* Write the group in one write and fdatasync it once. On failure the group is forgotten (put it anew),
 * and the file is cut back to where it was, durably: -1; if that failed too, -2: the lines may stand
 * there, and what they name must stay until the next start has looked. A line longer than
 * LEDGER_LINE_MAX is ERR_BUG, and nothing of its group is written. */
int ledger_commit(struct ledger *l, struct err *e);

/* Write the bytes from `offset` on over themselves and fdatasync. For a start: a run before this
 * one may have seen its fdatasync fail, after which the kernel calls lost pages clean. */
int ledger_rewrite(struct ledger *l, uint64_t offset, struct err *e);
/* Count what that reads in *work, which must stay; NULL: nobody asks. */
void ledger_tell(struct ledger *l, struct work *work);
