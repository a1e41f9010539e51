#include "run/log.h"
#include "run/loop.h"
#include "run/notify.h"
#include "run/report.h"
#include "run/service_core.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCK_WAIT USEC_PER_SEC        /* between looks at whether the archive's lock is free */
#define EXTEND    (90 * USEC_PER_SEC) /* asked for while opening the archive takes long … */
#define EXTEND_AT (10 * USEC_PER_SEC) /* … so often */

/* Work on the disk holds the loop up: the manager is told from here. Opening an archive, which may
 * take long, is fit to be cut short at any point; a signal that waits for it does so. */
void service_working(void *ctx)
{
        struct service *s = ctx;
        usec_t now = clock_boot(&s->clock);

        if (!s->engine.archive && loop_is_called_off()) {
                notify_stopping();
                report_stop(NULL);
                _exit(SERVICE_OK);
        }
        if (now - s->extended < EXTEND_AT && s->extended)
                return;
        s->extended = now;
        if (s->ready)
                notify_watchdog();
        else
                notify_extend(EXTEND);
}

static int learn_past(struct service *s, struct err *e)
{
        const usec_t interval[] = { s->config.interval, s->config.full_interval };
        struct scope scope = engine_scope(&s->engine);
        struct schedule_past past = { 0 };
        struct catalog_walk walk;
        int r;

        r = walk_last(s->engine.archive, &scope, true, &walk, e);
        if (r == 0) {
                past.full = walk.started;
                r = walk_last(s->engine.archive, &scope, false, &walk, e);
        }
        if (r < 0)
                return -1;
        if (r == 0)
                past.any = walk.started;
        schedule_init(&s->schedule, interval, &past, clock_wall(&s->clock), clock_boot(&s->clock),
                      arc4random());
        if (s->again)
                schedule_now(&s->schedule);
        s->again = false;
        s->scheduled = true;
        s->prompts_due = s->config.messages;
        return 0;
}

/* A directory that is not there, or not for us: waiting does not mend that. */
static bool is_misplaced(const struct err *err)
{
        return err->errnum == ENOENT || err->errnum == ENOTDIR || err->errnum == EACCES;
}

void service_open(struct service *s)
{
        struct err err = { 0 };
        int r;

        if (!s->lock_told)
                notify_status("Opening the archive %s", s->config.directory);
        r = engine_open_archive(&s->engine, &err);
        if (r == 0 && !s->scheduled)
                r = learn_past(s, &err);
        if (r == ARCHIVE_LOCKED) {
                if (!s->lock_told)
                        report_waiting(s->config.directory);
                s->lock_told = true;
                notify_status("Waiting: another process writes to %s", s->config.directory);
                service_working(s);
                return service_plan_in(s, LOCK_WAIT);
        }
        if (r == 0) {
                s->lock_told = false;
                if (!s->ready)
                        notify_ready();
                s->ready = true;
                return service_plan_in(s, 0); /* a signal that waits comes first */
        }
        engine_close_archive(&s->engine);
        if (err.kind == ERR_DAMAGE) {
                report_damage(s->config.directory, &err);
                return service_end(s, SERVICE_DAMAGED);
        }
        if (err.kind == ERR_CONFIG || (!s->ready && is_misplaced(&err))) {
                report_error("cannot open the archive", &err);
                return service_end(s, SERVICE_USAGE);
        }
        alarm_disk(&s->alarm, ALARM_OPEN, "cannot open it", &err);
        notify_status("Waiting: cannot open the archive: %s", err.text);
        service_working(s);
        service_plan_in(s, schedule_host(&s->schedule));
}
