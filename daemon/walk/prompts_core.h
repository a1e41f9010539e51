/* The inside of prompts, shared by its parts: prompts (the queue, and who gets a slot), slot (one
 * completion's messages, page by page). */
#pragma once

#include "base/buf.h"
#include "walk/prompts.h"
#include "wire/api.h"

enum slot_phase {
        SLOT_FREE,
        SLOT_LIST,   /* a page of messages is asked for */
        SLOT_SETTLE, /* there were none to be found: is the completion itself there? */
        SLOT_WAIT,   /* it is: ask for the messages again in a while */
        SLOT_BUSY,   /* a giant, while another one has the place */
};

struct slot {
        struct prompts *prompts;
        enum slot_phase phase;
        char id[CATALOG_ID_MAX];
        struct buf prefix; /* {"completion_id":"…", */
        struct api_call *call;
        struct http_timer *timer;
        struct spool *spool;
        uint64_t records, bytes; /* of the pages that passed */
        bool at_start, redo;     /* of the record in hand; of the attempt */
        unsigned restarts;
        char after[CATALOG_ID_MAX], last[CATALOG_ID_MAX], mark[CATALOG_ID_MAX];
        uint64_t pages, mark_at;
        usec_t since; /* of the first 404, on the boot clock; 0: none yet */
};

struct prompts {
        struct api *api;
        struct http *http;
        struct archive *archive;
        const struct clock *clock;
        struct prompts_config config;
        struct prompts_ops ops;
        struct slot *slots;
        struct http_timer *ticker, *starter;
        int64_t created, row; /* how far the queue was gone through */
        int64_t floor, top;   /* only rows above it; the newest one when that began */
        uint64_t undos;       /* the archive's then */
        bool exhausted, over; /* exhausted: until more comes, or for good if it is not open */
        bool once_more, skipped;
        unsigned active, outages, streak;
        struct prompts_result result;
};

/* slot.c */
void slot_start(struct slot *s, const char *id);
void slot_stop(struct slot *s); /* what it has is dropped; its place is free */
/* prompts.c: after each of these *p, and the slot with it, may be gone. */
void prompts_fill(struct prompts *p); /* free slots take from the queue; or it is the end */
void prompts_stop(struct prompts *p, const struct err *err);
/* For a failure of the disk or the catalog: nothing half put may stay. */
void prompts_stop_undone(struct prompts *p, const struct err *err);
