/* What `report` gathers, and who makes the page of it. Internal to ctl/report*.c. */
#pragma once

#include "base/buf.h"
#include "ctl/account.h"
#include "ctl/chain.h"
#include "ctl/count.h"
#include "ctl/damage.h"
#include "ctl/meter.h"
#include "ctl/report_history.h"
#include "ctl/report_tally.h"
#include "ctl/report_versions.h"
#include "ctl/verb.h"

#define SHEET_TOLD_MAX 100 /* lines of damage that the page shows */

struct sheet {
        const struct verb *verb;
        usec_t now;
        struct chain chain;
        struct account account;
        struct history history;
        struct tally *completions;
        struct tally *changes; /* its models are the types of the lines */
        struct versions *versions;
        struct count count;
        bool counted;
        uint64_t read_frames, read_stored; /* proven: completions and changes */
        uint64_t reached; /* frames of messages: only their lengths were looked at */
        struct damage damage;
        struct buf told; /* the first lines of it, for the page */
        uint64_t n_told;
        const char *error; /* NULL; else why there is nothing but this */
        struct meter meter;
};

/* Read both streams; the account and the history must be there. Damage is told. -1. */
int sheet_read(struct sheet *r, unsigned jobs, struct err *e);
/* The page, from what is there; r->error set: from that alone. */
void sheet_page(const struct sheet *r, struct buf *out);
/* Its parts that are of more than a few lines each. */
void sheet_charts(const struct sheet *r, struct buf *out);
void sheet_walked(const struct history *h, struct buf *out); /* a sentence on all walks */
void sheet_tables(const struct sheet *r, struct buf *out);
void sheet_verified(const struct sheet *r, struct buf *out);

extern const char sheet_style[];
