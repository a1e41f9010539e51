/* What failed, and of which kind.
 *
 * Functions that can fail return 0 when done, a negative number when they failed (then the struct
 * err that they were given is filled in), and a positive one for a condition that their header
 * names. The kind, not the text, decides what happens next. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

enum err_kind {
        ERR_NONE = 0,
        ERR_AGAIN,  /* passing: the same thing may well succeed later */
        ERR_SOURCE, /* the server's fault; a person may have to look */
        ERR_HOST,   /* this machine: disk, memory, permissions */
        ERR_CONFIG, /* the command line or the configuration is wrong */
        ERR_DAMAGE, /* the archive on disk is not what its ledger says */
        ERR_BUG,    /* cannot happen */
};

#define ERR_TEXT_MAX 512 /* bytes, NUL included: one line of a log; longer texts are cut */

struct err {
        enum err_kind kind;
        int errnum; /* errno's value where a system call failed, else 0 */
        char text[ERR_TEXT_MAX];
};

/* Fill in *e and return -1, so that `return err_set(…)` is the usual way out. A NULL e is allowed.
 * The texts hold no newline and no final full stop. */
int err_set(struct err *e, enum err_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Like err_set with ERR_HOST; ": " and the system's text for errnum are appended. */
int err_sys(struct err *e, int errnum, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Put a fact and ": " in front of the text that is there; the kind stays. Returns -1. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
