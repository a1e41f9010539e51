#include "run/alarm.h"
#include "run/log.h"
#include "run/report.h"

#include <stdio.h>
#include <string.h>

bool alarm_is_on(const struct alarm *a, enum trouble_kind kind)
{
        return a->trouble.on[kind];
}

static void fail(struct alarm *a, enum trouble_kind kind, int status, const char *request_id,
                 const char *what)
{
        if (trouble_fail(&a->trouble, kind, clock_boot(a->clock)))
                report_trouble(kind, status, request_id, what);
}

static void over(struct alarm *a, enum trouble_kind kind)
{
        uint64_t failures;
        usec_t took;

        if (trouble_end(&a->trouble, kind, clock_boot(a->clock), &took, &failures))
                report_trouble_over(kind, took, failures);
}

void alarm_retry(struct alarm *a, int status, const char *request_id, usec_t wait,
                 const char *problem)
{
        report_retry(LOG_DEBUG, status, request_id, wait, problem);
        fail(a, status == 429 ? TROUBLE_RATE : TROUBLE_SERVER, status, request_id, problem);
}

void alarm_request(struct alarm *a, int status)
{
        /* Whatever else it says: it answers. */
        if (status > 0 && status < 500)
                over(a, TROUBLE_SERVER);
        if (status != 200 && status != 404)
                return;
        over(a, TROUBLE_KEY);
        over(a, TROUBLE_RATE);
}

enum schedule_cause alarm_walk(struct alarm *a, const struct walk_result *result,
                               const struct ledger_head *head)
{
        const struct catalog_walk *w = &result->walk;
        enum schedule_cause cause = SCHEDULE_SOURCE;
        enum trouble_kind kind = TROUBLE_KINDS;
        bool told = false;

        if (result->complete) {
                over(a, TROUBLE_DISK);
        } else if (result->interrupted) {
                cause = SCHEDULE_INTERRUPTED;
        } else if (result->err.kind == ERR_HOST) {
                cause = SCHEDULE_HOST;
                kind = TROUBLE_DISK;
        } else if (result->stop) {
                cause = SCHEDULE_PERSON;
                kind = strcmp(w->reason, "limited") == 0 ? TROUBLE_RATE : TROUBLE_KEY;
        }
        if (kind != TROUBLE_KINDS) {
                told = alarm_is_on(a, kind);
                fail(a, kind, 0, "", result->err.text);
        }
        report_walk(result, head, told ? LOG_DEBUG : result->interrupted ? LOG_INFO : LOG_ERR);
        return cause;
}

bool alarm_prompts(struct alarm *a, const struct prompts_result *result,
                   enum schedule_cause *ret_cause)
{
        enum trouble_kind kind = TROUBLE_KINDS;
        bool told = false;

        if (result->interrupted)
                return false;
        if (result->stopped && result->err.kind == ERR_HOST) {
                *ret_cause = SCHEDULE_HOST;
                kind = TROUBLE_DISK;
        } else if (result->denied || result->limited) {
                *ret_cause = SCHEDULE_PERSON;
                kind = result->limited ? TROUBLE_RATE : TROUBLE_KEY;
        }
        if (kind != TROUBLE_KINDS) {
                told = alarm_is_on(a, kind);
                fail(a, kind, 0, "", result->err.text);
        }
        /* What went well without anything to do is not worth a line each few minutes. */
        if (result->done || result->failed || result->stopped)
                report_prompts(result, told ? LOG_DEBUG : LOG_ERR);
        return kind != TROUBLE_KINDS;
}

void alarm_disk(struct alarm *a, const char *what, const struct err *err)
{
        char text[ERR_TEXT_MAX + 64];

        snprintf(text, sizeof(text), "%s: %s", what, err->text);
        fail(a, TROUBLE_DISK, 0, "", text);
}

void alarm_disk_over(struct alarm *a)
{
        over(a, TROUBLE_DISK);
}
