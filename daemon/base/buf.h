/* A growing byte string. For short texts: lines of the ledger, URLs, messages. What records hold
 * never goes into one. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing that is built in memory is longer (a ledger line, a page of status): more is a bug or an
 * attack, and aborts. */
#define BUF_MAX (64 * 1024 * 1024)

struct buf {
        char *p;  /* NULL while empty and never written; else NUL-terminated at p[n] */
        size_t n; /* bytes, without the NUL */
        size_t room;
};

#define BUF_INIT           \
        {                  \
                NULL, 0, 0 \
        }
#define _cleanup_buf_ __attribute__((cleanup(buf_done)))

void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* empty, memory kept */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text, "" when empty; valid until the next change. */
const char *buf_str(const struct buf *b);

/* A JSON string with its quotes. Escapes `"`, `\` and control characters (the short form where
 * JSON has one, else \u00xx) and nothing else. The bytes of s must be UTF-8 already or come from a
 * place that checked. */
void buf_json(struct buf *b, const char *s, size_t n);
void buf_json_str(struct buf *b, const char *s); /* NULL gives null */
/* An object's next member, with its comma: ,"key":n and ,"key":"text". The key is put as it is. */
void buf_member_uint(struct buf *b, const char *key, uint64_t n);
void buf_member_text(struct buf *b, const char *key, const char *text); /* NULL, "": null */

/* Percent-encode everything but RFC 3986's unreserved characters. */
void buf_percent(struct buf *b, const char *s, size_t n);
