#include "run/state.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/log.h"
#include "run/metrics.h"
#include "run/notify.h"

#include <stdio.h>
#include <string.h>

#define COUNT(n) text_from_count((n), (char[TEXT_COUNT_MAX]){ 0 })

void state_init(struct state *s, const struct config *config, const struct clock *clock)
{
        *s = (struct state){ .clock = clock, .metrics = metrics_new(config->directory) };
}

void state_done(struct state *s)
{
        s->metrics = metrics_free(s->metrics);
}

void state_retry(struct state *s)
{
        metrics_retry(s->metrics);
}

void state_request(struct state *s, int status, uint64_t bytes_in)
{
        metrics_request(s->metrics, status, bytes_in);
}

void state_walk_begin(struct state *s, const struct catalog_walk *walk)
{
        metrics_walk_begin(s->metrics, walk);
}

void state_walk_end(struct state *s, const struct walk_result *result)
{
        metrics_walk_end(s->metrics, &result->walk, result->complete);
        s->last = result->walk;
        s->last_complete = result->complete;
}

void state_prompts_begin(struct state *s, const struct engine *g)
{
        s->prompts_total = 0;
        catalog_count_wanted(archive_catalog(g->archive), &s->prompts_total, NULL);
        s->prompts_done = 0;
}

void state_prompts(struct state *s, uint64_t done)
{
        s->prompts_done = done;
}

/* ---- a line for the manager ---- */

/* "08:05:12 UTC", with its date if that is not today's. */
static const char *hour(usec_t wall, usec_t now, char out[static CLOCK_TEXT_MAX])
{
        char text[CLOCK_TEXT_MAX], today[CLOCK_TEXT_MAX];

        clock_rfc3339(wall, text);
        clock_rfc3339(now, today);
        if (memcmp(text, today, 10) == 0)
                snprintf(out, CLOCK_TEXT_MAX, "%.8s UTC", text + 11);
        else
                snprintf(out, CLOCK_TEXT_MAX, "%.10s %.8s UTC", text, text + 11);
        return out;
}

/* What keeps it from its work, if anything does. */
static const char *burden(const struct alarm *alarm)
{
        static const char *const words[TROUBLE_KINDS] = {
                [TROUBLE_SERVER] = "the server is out; ",
                [TROUBLE_RATE] = "the server limits the rate; ",
                [TROUBLE_KEY] = "the server refuses access; ",
                [TROUBLE_DISK] = "the archive cannot be written; ",
        };

        for (int i = TROUBLE_KINDS - 1; i >= 0; i--)
                if (alarm_is_on(alarm, (enum trouble_kind)i))
                        return words[i];
        return "";
}

static void tell_idle(const struct state *s, const char *bad, const char *next)
{
        const struct catalog_walk *w = &s->last;

        if (w->number == 0)
                notify_status("%sidle; next walk about %s", bad, next);
        else if (s->last_complete)
                notify_status("%sidle; walk %llu complete: %s seen, %s new; next walk about %s",
                              bad, (unsigned long long)w->number, COUNT(w->seen), COUNT(w->new),
                              next);
        else
                notify_status("%sidle; walk %llu failed: %s; next walk about %s", bad,
                              (unsigned long long)w->number, w->reason, next);
}

void state_tell(struct state *s, const struct engine *g, const struct schedule *schedule,
                const struct alarm *alarm, bool now)
{
        usec_t boot = clock_boot(s->clock), wait = schedule_wait(schedule, boot);
        const char *bad = burden(alarm);
        char next[CLOCK_TEXT_MAX];

        if (!now && s->told && boot - s->told < STATE_EVERY)
                return;
        s->told = boot;
        hour(clock_wall(s->clock) + wait, clock_wall(s->clock), next);
        if (g->walk) {
                const struct catalog_walk *w = walk_row(g->walk);

                notify_status("%swalk %llu (%s): page %s, %s seen, %s new", bad,
                              (unsigned long long)w->number, w->full ? "full" : "new",
                              COUNT(w->pages), COUNT(w->seen), COUNT(w->new));
        } else if (g->prompts && s->prompts_total) {
                notify_status("%sprompts: %s of %s; next walk about %s", bad,
                              COUNT(s->prompts_done), COUNT(s->prompts_total), next);
        } else {
                tell_idle(s, bad, next);
        }
}

/* ---- the metrics ---- */

static int gather(const struct state *s, const struct engine *g, const struct alarm *alarm,
                  struct metrics_now *now, struct err *e)
{
        struct catalog *c = archive_catalog(g->archive);
        struct scope scope = engine_scope(g);
        struct catalog_walk walk;
        int r;

        now->wall = clock_wall(s->clock);
        now->ledger_seq = archive_head(g->archive)->seq;
        now->stored_bytes = archive_stored(g->archive);
        for (int i = 0; i < TROUBLE_KINDS; i++)
                now->trouble[i] = alarm_is_on(alarm, (enum trouble_kind)i);
        if (catalog_counts(c, &now->counts, e) < 0 ||
            catalog_oldest_wanted(c, &now->oldest_wanted, e) < 0)
                return -1;
        now->walk = g->walk ? walk_row(g->walk)->number : s->last.number;
        r = walk_last(g->archive, &scope, true, &walk, e);
        if (r != 0)
                return r < 0 ? -1 : 0;
        now->last_complete[METRICS_FULL] = walk.ended;
        /* A full walk is all that a new one is. */
        r = walk_last(g->archive, &scope, false, &walk, e);
        if (r == 0)
                now->last_complete[METRICS_NEW] = walk.ended;
        return r < 0 ? -1 : 0;
}

void state_measure(struct state *s, const struct engine *g, const struct alarm *alarm)
{
        const char *path = g->config->text_file;
        struct metrics_now now = { 0 };
        struct err err;
        bool failed;

        if (!path)
                return;
        failed = gather(s, g, alarm, &now, &err) < 0 ||
                 metrics_write(s->metrics, path, &now, &err) < 0;
        if (failed && !s->metrics_failed)
                log_line(LOG_WARNING, "cannot write TextFile=: %s", err.text);
        s->metrics_failed = failed;
}
