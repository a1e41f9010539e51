/* The inside of a walk, shared by its parts: plan (what to read), head (pages and their verdict), walk (its heads),
 * probe (are the records that a cursor should have shown still there?), gap (a second that fills a
 * page), ending. */
#pragma once

#include "walk/intake.h"
#include "walk/sweep.h"
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
        bool resumed;   /* and no page of it has passed since */
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

enum head_phase {
        HEAD_IDLE,
        HEAD_LIST,  /* a page is asked for */
        HEAD_PROBE, /* a single record is asked for */
        HEAD_GAP,   /* a second is asked for once more */
        HEAD_DONE,  /* nothing is left to it */
};

/* One of a walk's hands: reads its stretches of the list one after the other. */
struct head {
        struct walk *walk;
        enum head_phase phase;
        struct api_call *call;
        struct http_timer *timer;
        void (*again)(struct head *h); /* what the timer waits to do */
        struct intake *intake;

        struct walk_leg legs[2];
        size_t n_legs, leg;
        struct walk_page page;
        bool passed;   /* a page of its open leg was: … */
        int64_t reach; /* … every second before this one, along its order, was seen whole */
        char mark[CATALOG_ID_MAX]; /* a cursor of some pages ago: comes it again, it is a cycle */
        uint64_t mark_age, mark_span;
        unsigned steps_back;

        struct {
                bool cursor; /* the cursor itself is asked for; else a second's records */
                bool last;   /* likewise, and if it is there, the list ends behind it */
                int64_t second, row;
                const char *reason; /* of the failure, if what is asked for is there */
                struct err err;
        } probe;

        /* A second that filled a page. Noted: what comes before it is known; ready: and what comes
         * behind it, too; then it is in hand. */
        struct head_gap {
                bool set;
                int64_t second;
                char before[CATALOG_ID_MAX], behind[CATALOG_ID_MAX]; /* "": the list's end */
                unsigned requests, quiet;
                enum api_order order;
        } noted, gap;
};

#define WALK_HEADS 2 /* the first has the newest, the second, of a first walk only, the oldest */

struct walk {
        struct api *api;
        struct http *http;
        struct archive *archive;
        const struct clock *clock;
        struct walk_config config;
        struct walk_ops ops;

        struct head heads[WALK_HEADS];
        struct intake_tally tally;
        struct sweep *sweep; /* what it has missed is asked for */
        uint64_t held, unsettled;
        bool second_dropped;
        bool over;
        bool undone;    /* pages that had passed were taken back: it must not just go on */
        bool broken;    /* the catalog or the disk has failed where nobody could be told … */
        struct err why; /* … so */
        unsigned again; /* how often it went back for that */
        uint64_t undos; /* of the archive; another number: somebody else took back */
        struct http_timer *starter, *ticker;

        bool resumed; /* what it has seen before may have been rebuilt, and shows more than it saw */
        bool first;   /* no full walk of this scope was ever complete */
        uint8_t scope[SHA256_SIZE];
        struct buf filter;
        int64_t *gaps;
        size_t n_gaps;
};

/* plan.c */
/* Fills in the heads' legs and the walk's row. ERR_HOST. */
int walk_plan(struct walk *w, struct err *e);
/* The legs only, from the row as it was committed last. */
int walk_plan_again(struct walk *w, struct err *e);
/* walk.c */
/* The disk has failed where nobody can be told; the first to say so stands. */
void walk_break(struct walk *w, const struct err *err);
/* If pages that had passed were taken back, the heads go back, too, or the walk fails: true, and *w
 * may be gone. */
bool walk_is_undone(struct walk *w);
/* Back to the list's start, with what was seen known. */
void walk_afresh(struct walk *w);
/* A head has nothing left to read: it may be the walk's end, and *w gone. */
void walk_settled(struct walk *w);
/* The head's page has passed: does the second one begin, or have the two met? */
void walk_compare(struct head *h, bool has_more);
/* A head is at fault by itself. The second one is given up, the first one goes on alone: true. Of
 * the first one that is the walk's fault: false. */
bool walk_drop(struct head *h);
/* head.c */
static inline struct walk_leg *head_leg(struct head *h)
{
        return &h->legs[h->leg];
}
/* Where the row has the head's cursor. */
char *head_cursor(struct head *h);
void head_init(struct head *h, struct walk *w);
void head_done(struct head *h);  /* takes a zeroed one */
void head_stop(struct head *h);  /* nothing comes from it any more */
void head_reset(struct head *h); /* likewise, and it has no legs and no past */
/* A page of the list, as the walk's configuration has it; done: api_call_ops'. */
void head_request(struct head *h, enum head_phase phase, enum api_order order, const char *after,
                  void (*done)(void *ctx, const struct api_reply *reply));
/* A giant came while another one has the place: `again` once that is free. */
void head_wait(struct head *h, void (*again)(struct head *h));
void head_ask(struct head *h); /* the next page of the leg in hand, or its end */
/* An attempt begins: api_call_ops' restart. */
void head_restart(void *ctx, bool doubtful);
/* What the last attempt brought is taken back if it may be other than what was sent. */
void head_drop_doubtful(struct head *h, bool doubtful);
void head_end(struct head *h); /* the list ends behind the cursor of the leg in hand */
/* The walk fails so; unless it is the second head's own fault. */
void head_fail(struct head *h, const char *reason, const struct err *err);
void head_fail_reply(struct head *h, const struct api_reply *reply);
/* probe.c */
void probe_second(struct head *h); /* the expected second did not come */
/* The cursor was refused, or led elsewhere: if its record is there, the walk fails so. */
void probe_cursor(struct head *h, const char *reason, const struct err *err);
/* An empty last page: is the cursor's own record there? Else that is why. */
void probe_last(struct head *h);
/* gap.c */
/* The list that the walk's line gives: "[1758039177]". */
void gap_list(const struct walk *w, struct buf *out);
/* The seconds that the walk named before it was interrupted. */
int gap_restore(struct walk *w, struct err *e);
void gap_note(struct head *h); /* the page in hand lies wholly in one second */
void gap_see(struct head *h, const struct intake_record *record); /* of a list's page */
/* The page in hand passed all checks: has a noted one its other side now? To be asked before this
 * page may be noted itself. */
bool gap_ready(struct head *h);
void gap_start(struct head *h);
/* The list is read: what was missed, then the walk's line. */
void walk_sweep(struct walk *w);
/* The server names its project: the archive's from now on, if it had none. 0, or the walk has
 * failed, and *w may be gone. */
int walk_learn(struct walk *w, const struct api_reply *reply);
/* ending.c: these call done(), after which *w may be gone. */
void walk_complete(struct walk *w);
void walk_fail(struct walk *w, const char *reason, const struct err *err);
void walk_fail_reply(struct walk *w, const struct api_reply *reply);
/* The members of a begin line. */
void walk_put_begin(struct walk *w);
