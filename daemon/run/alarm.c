#include "run/alarm.h"
#include "run/log.h"
#include "run/report.h"

#include <stdio.h>
#include <string.h>

bool alarm_is_on(const struct alarm *a, enum trouble_kind kind)
{
        return a->trouble.on[kind];
}

static void fail(struct alarm *a, enum trouble_kind kind, usec_t wait, int status,
                 const char *request_id, const char *what)
{
        if (trouble_fail(&a->trouble, kind, wait, clock_boot(a->clock)))
                report_trouble(kind, wait, status, request_id, what);
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
        fail(a, status == 429 ? TROUBLE_RATE : TROUBLE_SERVER, wait, status, request_id, problem);
}

void alarm_request(struct alarm *a, int status, bool well)
{
        if (!well)
                return;
        /* Whatever else it says: it answers. */
        if (status > 0 && status < 500)
                over(a, TROUBLE_SERVER);
        if (status != 200 && status != 404)
                return;
        over(a, TROUBLE_KEY);
        over(a, TROUBLE_RATE);
}

void alarm_disk(struct alarm *a, enum alarm_work work, const char *what, const struct err *err)
{
        char text[ERR_TEXT_MAX + 64];

        snprintf(text, sizeof(text), "%s%s%s", what, *what ? ": " : "", err->text);
        a->work = work;
        fail(a, TROUBLE_DISK, 0, 0, "", text);
}

void alarm_disk_over(struct alarm *a, enum alarm_work work)
{
        if (work == a->work)
                over(a, TROUBLE_DISK);
}

enum schedule_cause alarm_walk(struct alarm *a, const struct walk_result *result,
                               const struct ledger_head *head)
{
        const struct catalog_walk *w = &result->walk;
        enum schedule_cause cause = SCHEDULE_SOURCE;
        /* A page that fails for as long as it may, while the server is out, was told with that. */
        bool told = strcmp(w->reason, "server") == 0 || strcmp(w->reason, "network") == 0
                            ? alarm_is_on(a, TROUBLE_SERVER)
                            : false;

        if (result->complete) {
                alarm_disk_over(a, ALARM_OPEN);
                alarm_disk_over(a, ALARM_WALK);
        } else if (result->interrupted) {
                cause = SCHEDULE_INTERRUPTED;
        } else if (result->err.kind == ERR_HOST) {
                cause = SCHEDULE_HOST;
                told = alarm_is_on(a, TROUBLE_DISK);
                alarm_disk(a, ALARM_WALK, "", &result->err);
        } else if (result->stop) {
                enum trouble_kind kind = strcmp(w->reason, "limited") == 0 ? TROUBLE_RATE
                                                                           : TROUBLE_KEY;

                cause = SCHEDULE_PERSON;
                told = alarm_is_on(a, kind);
                fail(a, kind, 0, result->status, result->request_id, result->err.text);
        }
        report_walk(result, head, told ? LOG_DEBUG : result->interrupted ? LOG_INFO : LOG_ERR);
        return cause;
}

bool alarm_prompts(struct alarm *a, const struct prompts_result *result,
                   enum schedule_cause *ret_cause)
{
        bool held = false, told = result->failed == a->failed && result->stopped == a->stopped;

        if (result->interrupted)
                return false;
        if (result->stopped && result->err.kind == ERR_HOST) {
                *ret_cause = SCHEDULE_HOST;
                held = true;
                told = alarm_is_on(a, TROUBLE_DISK);
                alarm_disk(a, ALARM_PROMPTS, "", &result->err);
        } else if (result->denied || result->limited) {
                enum trouble_kind kind = result->limited ? TROUBLE_RATE : TROUBLE_KEY;

                *ret_cause = SCHEDULE_PERSON;
                held = true;
                told = alarm_is_on(a, kind);
                fail(a, kind, 0, result->status, result->request_id, result->err.text);
        } else if (result->done) {
                alarm_disk_over(a, ALARM_PROMPTS);
        }
        told = told || alarm_is_on(a, TROUBLE_SERVER);
        if (result->failed || result->stopped)
                report_prompts(result, told ? LOG_DEBUG : LOG_ERR);
        else if (result->done) /* nothing to do is not worth a line each few minutes */
                report_prompts(result, LOG_ERR);
        a->failed = result->failed;
        a->stopped = result->stopped;
        return held;
}
