/* What goes wrong while the daemon runs: each trouble is told when it begins and when it ends, and
 * nothing of it between. Joins trouble with the journal. */
#pragma once

#include "base/clock.h"
#include "run/schedule.h"
#include "run/trouble.h"
#include "walk/prompts.h"
#include "walk/walk.h"

struct alarm {
        const struct clock *clock;
        struct trouble trouble;
};

/* The API's: of each attempt that will be repeated, and of each that ended. */
void alarm_retry(struct alarm *a, int status, const char *request_id, usec_t wait,
                 const char *problem);
void alarm_request(struct alarm *a, int status);
/* A walk ended: tells of it, and says what it means for the next one (of a failed one only). */
enum schedule_cause alarm_walk(struct alarm *a, const struct walk_result *result,
                               const struct ledger_head *head);
/* The same of prompts. True if something is to be held back, *ret_cause then says what for. */
bool alarm_prompts(struct alarm *a, const struct prompts_result *result,
                   enum schedule_cause *ret_cause);
/* The archive could not be opened or written; of ERR_HOST. */
void alarm_disk(struct alarm *a, const char *what, const struct err *err);
/* It could. */
void alarm_disk_over(struct alarm *a);

bool alarm_is_on(const struct alarm *a, enum trouble_kind kind);
