#include "run/metrics_core.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[METRICS_KINDS] = { "full", "new" };
static const char *const changes[METRICS_CHANGES] = { "new", "changed", "gone" };
static const char *const troubles[] = {
        [TROUBLE_SERVER] = "server",
        [TROUBLE_RATE] = "rate",
        [TROUBLE_KEY] = "key",
        [TROUBLE_DISK] = "disk",
};
_Static_assert(ELEMENTS(troubles) == TROUBLE_KINDS, "each trouble has a name");

/* A counter that appears with its first event hides that event from rate(): so these, which alerts
 * look at, are there from the start. The other statuses come as they come; all five hundred would
 * be noise. */
static const int always[] = { 200, 401, 403, 404, 429, 500, 502, 503 };

/* A label's value is UTF-8 with three escapes; other bytes would make the whole file unreadable. */
static void put_escaped(struct buf *b, const char *s)
{
        size_t left = strlen(s);

        while (left > 0) {
                size_t n = text_utf8(s, left);

                if (*s == '\n')
                        buf_puts(b, "\\n");
                else if (*s == '"' || *s == '\\')
                        buf_printf(b, "\\%c", *s);
                else if (n == 0)
                        buf_putc(b, '?');
                else
                        buf_add(b, s, n);
                s += n ? n : 1;
                left -= n ? n : 1;
        }
}

struct text {
        struct buf *b;
        const char *archive; /* escaped */
        const char *name;    /* of the family at hand */
};

static void family(struct text *t, const char *type, const char *name, const char *help)
{
        t->name = name;
        buf_printf(t->b, "# HELP chatarchived_%s %s\n# TYPE chatarchived_%s %s\n", name, help, name,
                   type);
}

/* What stands between the family's name and the value; `more` are further labels, or "". */
static void series(struct text *t, const char *more)
{
        buf_printf(t->b, "chatarchived_%s{archive=\"%s\"%s%s} ", t->name, t->archive,
                   *more ? "," : "", more);
}

static void sample(struct text *t, const char *more, uint64_t value)
{
        series(t, more);
        buf_printf(t->b, "%llu\n", (unsigned long long)value);
}

static void labelled(struct text *t, const char *label, const char *value, uint64_t n)
{
        char more[64];

        snprintf(more, sizeof(more), "%s=\"%s\"", label, value);
        sample(t, more, n);
}

static void timestamp(struct text *t, const char *more, usec_t at)
{
        series(t, more);
        buf_printf(t->b, "%lld.%06lld\n", (long long)(at / USEC_PER_SEC),
                   (long long)(at % USEC_PER_SEC));
}

static void simple(struct text *t, const char *type, const char *name, const char *help,
                   uint64_t value)
{
        family(t, type, name, help);
        sample(t, "", value);
}

static void put_walks(struct text *t, const struct metrics *m, const struct metrics_now *now)
{
        char more[64];

        family(t, "gauge", "last_complete_walk_timestamp_seconds",
               "When the last complete walk of this kind ended; 0 if none did.");
        for (int i = 0; i < METRICS_KINDS; i++) {
                snprintf(more, sizeof(more), "kind=\"%s\"", kinds[i]);
                timestamp(t, more, now->last_complete[i]);
        }
        family(t, "counter", "walks_total", "Walks that ended.");
        for (int i = 0; i < METRICS_KINDS; i++) {
                snprintf(more, sizeof(more), "kind=\"%s\",result=\"complete\"", kinds[i]);
                sample(t, more, m->complete[i]);
                snprintf(more, sizeof(more), "kind=\"%s\",result=\"failed\"", kinds[i]);
                sample(t, more, m->failed[i]);
        }
        simple(t, "gauge", "walk_number", "Number of the walk that runs, or of the last.",
               now->walk);
        family(t, "counter", "changes_total", "Completions that walks found new, changed or gone.");
        for (int i = 0; i < METRICS_CHANGES; i++)
                labelled(t, "change", changes[i], m->changes[i]);
}

static void put_requests(struct text *t, const struct metrics *m)
{
        char code[16];

        family(t, "counter", "requests_total",
               "Requests that ended, by HTTP status; none: without an answer.");
        labelled(t, "code", "none", m->no_answer);
        for (int status = METRICS_STATUS_MIN; status <= METRICS_STATUS_MAX; status++) {
                uint64_t n = m->requests[status - METRICS_STATUS_MIN];
                bool shown = n > 0;

                for (size_t i = 0; i < ELEMENTS(always); i++)
                        shown |= status == always[i];
                snprintf(code, sizeof(code), "%d", status);
                if (shown)
                        labelled(t, "code", code, n);
        }
        labelled(t, "code", "other", m->other);
        simple(t, "counter", "retries_total", "Requests that were to be repeated.", m->retries);
        simple(t, "counter", "received_bytes_total", "Bytes that came in on the wire.",
               m->bytes_in);
}

static void put_archive(struct text *t, const struct metrics_now *now)
{
        int64_t age = 0;

        /* `created` is the server's and may be anything. */
        if (now->oldest_wanted != 0 &&
            __builtin_sub_overflow(now->wall / USEC_PER_SEC, now->oldest_wanted, &age))
                age = INT64_MAX;

        simple(t, "counter", "stored_bytes_total", "Bytes that were committed to the archive.",
               now->stored_bytes);
        simple(t, "gauge", "ledger_seq", "Number of the ledger's last line.", now->ledger_seq);
        simple(t, "gauge", "completions", "Completions in the archive.", now->counts.completions);
        simple(t, "gauge", "completion_versions", "Versions of them in the archive.",
               now->counts.versions);
        family(t, "gauge", "newest_completion_timestamp_seconds",
               "When the newest of them was created; 0 if there is none.");
        series(t, "");
        buf_printf(t->b, "%lld\n", (long long)now->counts.newest);
        simple(t, "gauge", "prompts_waiting", "Completions whose messages are not archived yet.",
               now->counts.wanted);
        simple(t, "gauge", "prompts_missing", "Completions whose messages the server lacks.",
               now->counts.missing);
        simple(t, "gauge", "oldest_unarchived_age_seconds",
               "Age of the oldest completion whose messages are not archived yet; 0 if none is.",
               age > 0 ? (uint64_t)age : 0);
}

void metrics_text(const struct metrics *m, const struct metrics_now *now, struct buf *b)
{
        _cleanup_buf_ struct buf archive = BUF_INIT;
        struct text t = { .b = b };

        put_escaped(&archive, m->directory);
        t.archive = buf_str(&archive);
        put_walks(&t, m, now);
        put_archive(&t, now);
        put_requests(&t, m);
        family(&t, "gauge", "trouble", "Whether this holds the daemon up: 1, else 0.");
        for (int i = 0; i < TROUBLE_KINDS; i++)
                labelled(&t, "kind", troubles[i], now->trouble[i]);
}
