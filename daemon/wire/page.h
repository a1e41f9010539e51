/* The page reader: a JSON text in, the records' own bytes out. The one owner of yajl.
 *
 * Reads a stream in constant memory and hands each record on as it came, less the white space
 * between its tokens, while checking everything that DESIGN.md's definition of a well-formed page
 * asks for. Nothing that it was told is to be believed before page_end() returned 0: what decides
 * (has_more) comes last on the wire. Whole records are good before that, too: they are verbatim. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_DEPTH_MAX \
        512             /* nested objects and arrays; yajl itself would go on to the memory's end */
#define PAGE_ID_MAX 256 /* bytes between its quotes, as sent: what the squeeze shows. Real: 38 */

enum page_kind {
        PAGE_LIST,     /* a list of completions: records have one string id, one integer created */
        PAGE_MESSAGES, /* a list of messages: records have one string id */
        PAGE_ONE,      /* the text is one completion itself */
        PAGE_MESSAGE,  /* the text is one line of the archive's messages: its record id is the
                        * value of the first `completion_id` at depth 1; `id` is not looked at */
};

struct page_record {
        const char *id; /* decoded, NUL-terminated; never empty, has no control characters */
        size_t id_length;
        int64_t created; /* seconds since 1970; 0 where the kind has none */
};

/* Where records go. A record is begin, bytes (any number of pieces), end. Each returns 0, or
 * negative (failed, *e filled in) or positive (a condition of the caller's own); both stop the
 * page and come back from page_feed or page_end as they are. A record whose page fails in its
 * middle gets no end. Pieces are not empty, and are valid only during the call. */
struct page_sink {
        int (*begin)(void *ctx, struct err *e);
        int (*bytes)(void *ctx, const char *p, size_t n, struct err *e);
        int (*end)(void *ctx, const struct page_record *record, struct err *e);
        void *ctx;
};

struct page_result {
        uint64_t records; /* that had their end */
        bool has_more;    /* false for the kinds of one record */
};

#define PAGE_CUT 1000 /* page_end: the text ended before its object was closed */

struct page;

struct page *page_new(enum page_kind kind, const struct page_sink *sink); /* *sink is copied */
struct page *page_free(struct page *p); /* takes NULL, returns NULL */
void page_reset(struct page *p);        /* to the start of a new text of the same kind */

/* 0, -1 (ERR_SOURCE and the reason: not well-formed), or what the sink returned. After anything but
 * 0 the same comes back until page_reset. The first thing wrong in the text is what is told, and
 * the records that ended before it have been handed on, however the text was cut. */
int page_feed(struct page *p, const char *bytes, size_t n, struct err *e);

/* The text has ended. 0: well-formed and complete, *ret is filled in. PAGE_CUT: what came is a true
 * prefix of some well-formed text (the empty one is; what an escape that was cut may become is not
 * looked into). Else as page_feed. */
int page_end(struct page *p, struct page_result *ret, struct err *e);
