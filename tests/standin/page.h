/* The bodies that hold records: lists of completions, lists of messages, one completion. */
#pragma once

#include "select.h"
#include "stream.h"

/* The envelope: %D the records, %F and %L the first and the last id, %M has_more. */
#define PAGE_LIST \
        "{\"object\":\"list\",\"data\":[%D],\"first_id\":%F,\"last_id\":%L,\"has_more\":%M}"
#define PAGE_ONE "%D"

/* What a fault changes before a page becomes bytes. */
struct tweak {
        const char *envelope; /* NULL: as it should be; need not outlive the call */
        const char *member;   /* the record's member that `patch` replaces, key and value; "{": its
                                 brace; NULL: none. A static text */
        struct buf patch;     /* %V is the value that was there */
        bool has_item;        /* … of that record of the page, else of its middle one */
        uint64_t item;
        bool has_stop; /* end the body behind that many records, or with the comma too */
        bool with_comma;
        uint64_t stop;
        bool stop_half;  /* … behind half of them */
        bool first_page; /* whatever `after` says */
        bool swap;       /* the first and the last record */
};

void tweak_done(struct tweak *t);

struct page {
        struct store *store;
        bool messages;
        struct version *items; /* of messages: .edit is the message's number */
        size_t n;
        bool has_more;
        uint64_t shuffle; /* an order of keys; 0: as the records have them */
};

/* The body. Takes over page->items, and the tweak's patch. */
struct stream *page_stream(const struct page *page, const char *envelope, struct tweak *tweak);
