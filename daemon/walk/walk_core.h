/* The inside of a walk, shared by its parts: plan (what to read), walk (pages and their verdict),
 * probe (are the records that a cursor should have shown still there?), gap (a second that fills a
 * page), ending. */
#pragma once

#include "walk/intake.h"
#include "walk/walk.h"
#include "wire/api.h"

/* One stretch of the list, read in one order. */
struct walk_leg {
        enum api_order order;
        enum catalog_heads head;
        bool keeps_cursor;           /* its cursors are what a first walk resumes from */
        bool open_end;               /* it ends when the server says so, and not before */
        int64_t stop;                /* else: when a page reaches a record older than this */
        char cursor[CATALOG_ID_MAX]; /* "": the list's start */
        int64_t cursor_created;
        bool check;     /* the page must show … */
        int64_t expect; /* … a record of this second */
        bool finished;
};

/* What the records of the page in hand showed. */
struct walk_page {
        uint64_t records, fresh;
        int64_t first, last; /* created */
        int64_t newest, oldest;
        bool disorder; /* created did not run along the order */
        bool shown;    /* the expected second came */
        char last_id[CATALOG_ID_MAX];
        char turn_id[CATALOG_ID_MAX]; /* the last record of the second before the last one; "" */
        int64_t turn;                 /* its created */
};

enum walk_phase {
        WALK_IDLE,
        WALK_LIST,  /* a page is asked for */
        WALK_PROBE, /* a single record is asked for */
        WALK_GAP,   /* a second is asked for once more */
        WALK_OVER,
};

struct walk {
        struct api *api;
        struct http *http;
        struct archive *archive;
        const struct clock *clock;
        struct walk_config config;
        struct walk_ops ops;

        enum walk_phase phase;
        bool undone; /* pages that had passed were taken back: it must not go on */
        struct api_call *call;
        struct http_timer *timer;
        struct http_timer *ticker;
        struct intake *intake;

        bool first; /* no full walk of this scope was ever complete */
        uint8_t scope[SHA256_SIZE];
        struct buf filter;

        struct walk_leg legs[2];
        size_t n_legs, leg;
        struct walk_page page;
        char mark[CATALOG_ID_MAX]; /* a cursor of some pages ago: comes it again, it is a cycle */
        uint64_t mark_age, mark_span;
        unsigned steps_back;

        struct {
                bool cursor; /* the cursor itself is asked for; else a second's records */
                int64_t second, row;
                const char *reason; /* of the failure, if what is asked for is there */
                struct err err;
        } probe;

        /* A second that filled a page. Noted: what comes before it is known; ready: and what comes
         * behind it, too; then it is in hand. */
        struct walk_gap {
                bool set;
                int64_t second;
                char before[CATALOG_ID_MAX], behind[CATALOG_ID_MAX]; /* "": the list's end */
                unsigned requests, quiet;
                enum api_order order;
        } noted, gap;
        int64_t *gaps;
        size_t n_gaps;
};

/* plan.c */
/* Fills in the legs and the walk's row. ERR_HOST. */
int walk_plan(struct walk *w, struct err *e);
/* walk.c */
/* An attempt begins: api_call_ops' restart. */
void walk_restart(void *ctx, bool doubtful);
void walk_drop_doubtful(struct walk *w);
/* If pages that had passed were taken back, the walk fails: true, and *w may be gone. */
bool walk_is_undone(struct walk *w);
void walk_ask(struct walk *w); /* the next page of the leg in hand, or the end */
/* probe.c */
void probe_second(struct walk *w); /* the expected second did not come */
/* The cursor was refused, or led elsewhere: if its record is there, the walk fails so. */
void probe_cursor(struct walk *w, const char *reason, const struct err *err);
/* gap.c */
/* The list that the walk's line gives: "[1758039177]". */
void gap_list(const struct walk *w, struct buf *out);
/* The seconds that the walk named before it was interrupted. */
int gap_restore(struct walk *w, struct err *e);
void gap_note(struct walk *w); /* the page in hand lies wholly in one second */
void gap_see(struct walk *w, const struct intake_record *record); /* of a list's page */
/* The page in hand passed all checks: has a noted one its other side now? To be asked before this
 * page may be noted itself. */
bool gap_ready(struct walk *w);
void gap_start(struct walk *w);
/* ending.c: both call done(), after which *w may be gone. */
void walk_complete(struct walk *w);
void walk_fail(struct walk *w, const char *reason, const struct err *err);
void walk_fail_reply(struct walk *w, const struct api_reply *reply);
/* The members of a begin line. */
void walk_put_begin(struct walk *w);
