/* What a person reads: the journal, or lines on stderr. The one owner of sd-journal.
 *
 * One process, one thread, one log; so its state is the module's own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h> /* LOG_ERR LOG_WARNING LOG_NOTICE LOG_INFO LOG_DEBUG */

#define LOG_TEXT_MAX   2048 /* bytes of a message; more is cut and ends in "..." */
#define LOG_FIELDS_MAX 24   /* of one event; more is a bug */

/* A journal field: "WALK", "12". Names are [A-Z][A-Z0-9_]*; values are copied as they are; a NULL
 * value leaves the field out. */
struct log_field {
        const char *name;
        const char *value;
};

/* Where to: straight to journald if stderr is its stream ($JOURNAL_STREAM names its device and
 * inode), else lines on stderr, in colour if it is a terminal and NO_COLOR is unset or empty.
 * What is below LOG_INFO shows only with CHATARCHIVED_DEBUG=1 in the environment. Until this was
 * called, log_line() writes plain lines to stderr. May be called again. */
void log_init(void);
void log_set_level(int level); /* the least important that shows: LOG_ERR … LOG_DEBUG */
bool log_is_journal(void);

/* One message, one line: control characters come out as '?'. On stderr "chatarchived: text", with
 * "error: " or "warning: " before the text from LOG_ERR and LOG_WARNING. No final newline or full
 * stop. errno is kept. */
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with fields, MESSAGE_ID among them; on stderr only the text shows. */
void log_event(int level, const struct log_field *fields, size_t n, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Something that shares the terminal's last line: hide() is called before a line goes to stderr,
 * show() after it. Both NULL to end that. */
void log_set_hook(void (*hide)(void *ctx), void (*show)(void *ctx), void *ctx);
