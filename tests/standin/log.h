/* What the stand-in was asked: the last requests, and counts. Control requests don't count. */
#pragma once

#include "call.h"

struct log_entry {
        uint64_t number;   /* from 1; 0: free */
        char *asked;       /* JSON members */
        const char *fault; /* a static name, or NULL */
        int status;        /* 0: none was sent */
        uint64_t bytes;    /* handed to the kernel, head and framing included */
        bool over, whole;
        char request_id[40];
};

struct log {
        struct log_entry *ring;
        uint64_t room;
        uint64_t last;  /* number of the newest entry */
        uint64_t first; /* … and of the oldest since the reset */
        uint64_t in_flight, max_in_flight;
        uint64_t classes[CALL_CLASSES], unauthorized, bytes;
};

void log_init(struct log *l, uint64_t room);
void log_done(struct log *l);
void log_reset(struct log *l);

/* A request has come; its number. */
uint64_t log_begin(struct log *l, const struct call *call, uint64_t connection, bool key_ok,
                   uint64_t time_usec);
/* The entry, to be filled in, or NULL if it has been displaced. */
struct log_entry *log_find(struct log *l, uint64_t number);
void log_end(struct log *l, uint64_t number, uint64_t bytes, bool whole);

/* One JSON object a line, the oldest first. */
void log_lines(const struct log *l, struct buf *ret);
/* Members of a JSON object. */
void log_counts(const struct log *l, struct buf *ret);
