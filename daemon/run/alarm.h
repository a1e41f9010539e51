/* What goes wrong while the daemon runs: each trouble is told when it begins and when it ends, and
 * nothing of it between. Joins trouble with the journal. */
#pragma once

#include "base/clock.h"
#include "run/schedule.h"
#include "run/trouble.h"
#include "walk/prompts.h"
#include "walk/walk.h"

/* Whose the disk's trouble is: only the same work, done well, ends it. */
enum alarm_work { ALARM_OPEN, ALARM_WALK, ALARM_PROMPTS, ALARM_SEAL };

struct alarm {
        const struct clock *clock;
        struct trouble trouble;
        enum alarm_work work;
        /* Of the prompts as they were told last: the same again is not worth a line. */
        uint64_t failed;
        bool stopped;
};

/* The API's: of each attempt that will be repeated, and of each that ended. */
void alarm_retry(struct alarm *a, int status, const char *request_id, usec_t wait,
                 const char *problem);
void alarm_request(struct alarm *a, int status, bool well);
/* A walk ended: tells of it, and says what it means for the next one (of a failed one only). */
enum schedule_cause alarm_walk(struct alarm *a, const struct walk_result *result,
                               const struct ledger_head *head);
/* The same of prompts. True if something is to be held back, *ret_cause then says what for. */
bool alarm_prompts(struct alarm *a, const struct prompts_result *result,
                   enum schedule_cause *ret_cause);
/* The archive could not be opened or written; of ERR_HOST. */
void alarm_disk(struct alarm *a, enum alarm_work work, const char *what, const struct err *err);
/* It could. */
void alarm_disk_over(struct alarm *a, enum alarm_work work);

bool alarm_is_on(const struct alarm *a, enum trouble_kind kind);
