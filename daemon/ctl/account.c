#include "ctl/account.h"
#include "base/mem.h"
#include "store/replay.h"

#include <string.h>

static usec_t moment(const struct json *v)
{
        char text[CLOCK_TEXT_MAX];
        usec_t t;

        return ledger_text_of(v, text, sizeof(text)) && clock_parse(text, &t) == 0 ? t : 0;
}

static void text_of(const struct json *v, char *ret, size_t room)
{
        if (!ledger_text_of(v, ret, room))
                ret[0] = '\0';
}

static void on_open(struct account *a, const struct ledger_line *line)
{
        enum { BASE_URL, PROJECT, MEMBERS };
        static const char *const keys[MEMBERS] = { "base_url", "project" };
        struct json v[MEMBERS];

        if (a->since)
                return;
        a->since = line->time;
        json_members(&line->members, keys, MEMBERS, v);
        text_of(&v[BASE_URL], a->base_url, sizeof(a->base_url));
        text_of(&v[PROJECT], a->project, sizeof(a->project));
}

static void on_frame(struct account *a, const struct ledger_line *line)
{
        struct account_stream *s;
        struct frame_ref frame;
        struct name name;

        if (!replay_frame(line, &frame, &name))
                return;
        s = &a->streams[name.stream];
        s->segments += frame.offset == 0;
        s->frames++;
        s->records += frame.records;
        s->stored += frame.length;
        s->plain += frame.bytes;
}

static void on_begin(struct account *a, const struct ledger_line *line)
{
        enum { WALK, KIND, STARTED, MEMBERS };
        static const char *const keys[MEMBERS] = { "walk", "kind", "started" };
        struct json v[MEMBERS];

        json_members(&line->members, keys, MEMBERS, v);
        ledger_uint_of(&v[WALK], &a->begun.number);
        a->begun.full = json_equals(&v[KIND], "full");
        a->begun.started = moment(&v[STARTED]);
}

/* The line is parsed anew from a copy: its slices have to outlive it. */
void account_walk_read(struct account_walk *w, const char *text, size_t n, usec_t ended)
{
        enum {
                WALK,
                PAGES,
                SEEN,
                NEW,
                CHANGED,
                GONE,
                KIND,
                STATE,
                REASON,
                DETAIL,
                STARTED,
                GAPS,
                FILTER,
                MEMBERS
        };
        static const char *const keys[MEMBERS] = {
                "walk",  "pages",  "seen",   "new",     "changed", "gone",   "kind",
                "state", "reason", "detail", "started", "gaps",    "filter",
        };
        struct json m, v[MEMBERS];
        int64_t gap;
        size_t at = 0;

        free(w->text);
        *w = (struct account_walk){ .text = mem_strndup(text, n) };
        if (json_parse(w->text, strlen(w->text), &m) < 0)
                return;
        json_members(&m, keys, MEMBERS, v);
        ledger_uint_of(&v[WALK], &w->number);
        ledger_uint_of(&v[PAGES], &w->pages);
        ledger_uint_of(&v[SEEN], &w->seen);
        ledger_uint_of(&v[NEW], &w->new);
        ledger_uint_of(&v[CHANGED], &w->changed);
        ledger_uint_of(&v[GONE], &w->gone);
        w->full = json_equals(&v[KIND], "full");
        w->complete = json_equals(&v[STATE], "complete");
        text_of(&v[REASON], w->reason, sizeof(w->reason));
        text_of(&v[DETAIL], w->detail, sizeof(w->detail));
        w->started = moment(&v[STARTED]);
        w->ended = ended;
        w->gaps = v[GAPS];
        w->filter = v[FILTER];
        while (account_gap(w, &at, &gap))
                w->n_gaps++;
}

static void walk_read(struct account_walk *w, const struct ledger_line *line)
{
        account_walk_read(w, line->text, line->length, line->time);
}

static void failed_clear(struct account_failed *f)
{
        free(f->last.text);
        *f = (struct account_failed){ 0 };
}

static void count_failure(struct account_failed *f, const struct account_walk *w,
                          const struct ledger_line *line)
{
        if (w->complete) {
                failed_clear(f);
        } else {
                f->walks++;
                walk_read(&f->last, line);
        }
}

static void on_walk(struct account *a, const struct ledger_line *line)
{
        struct account_walk *w = a->walks;

        free(w[ACCOUNT_WALKS_MAX - 1].text);
        memmove(w + 1, w, (ACCOUNT_WALKS_MAX - 1) * sizeof(*w));
        w->text = NULL;
        walk_read(w, line);
        if (w->complete)
                walk_read(&a->complete, line);
        if (w->full && w->complete)
                walk_read(&a->full, line);
        count_failure(&a->failed, w, line);
        if (w->full)
                count_failure(&a->failed_full, w, line);
        a->begun.number = 0;
}

int account_line(void *account, const struct ledger_line *line)
{
        struct account *a = account;

        if (json_equals(&line->type, "open"))
                on_open(a, line);
        else if (json_equals(&line->type, "frame"))
                on_frame(a, line);
        else if (json_equals(&line->type, "begin"))
                on_begin(a, line);
        else if (json_equals(&line->type, "walk"))
                on_walk(a, line);
        return 0;
}

void account_done(struct account *a)
{
        for (size_t i = 0; i < ACCOUNT_WALKS_MAX; i++)
                free(take_ptr(a->walks[i].text));
        free(take_ptr(a->complete.text));
        free(take_ptr(a->full.text));
        failed_clear(&a->failed);
        failed_clear(&a->failed_full);
}

bool account_gap(const struct account_walk *w, size_t *at, int64_t *ret)
{
        struct json v;

        if (!w->gaps.p)
                return false;
        while (json_next(&w->gaps, at, NULL, &v))
                if (json_int64(&v, ret) == 0)
                        return true;
        return false;
}

static void put_time(struct buf *b, const char *key, usec_t t)
{
        char text[CLOCK_TEXT_MAX];

        buf_member_text(b, key, t ? clock_rfc3339(t, text) : NULL);
}

void account_walk_json(const struct account_walk *w, const char *state, bool ended, struct buf *b)
{
        usec_t took = w->ended > w->started ? w->ended - w->started : 0;

        buf_printf(b, "{\"walk\":%llu,\"kind\":\"%s\",\"state\":\"%s\"",
                   (unsigned long long)w->number, w->full ? "full" : "new", state);
        buf_member_text(b, "reason", w->reason);
        buf_member_text(b, "detail", w->detail);
        put_time(b, "started", w->started);
        put_time(b, "ended", ended ? w->ended : 0);
        if (ended) {
                buf_printf(b, ",\"seconds\":%lld.%03d", (long long)(took / USEC_PER_SEC),
                           (int)(took % USEC_PER_SEC / USEC_PER_MSEC));
                buf_member_uint(b, "pages", w->pages);
                buf_member_uint(b, "seen", w->seen);
                buf_member_uint(b, "new", w->new);
                buf_member_uint(b, "changed", w->changed);
                buf_member_uint(b, "gone", w->gone);
        } else {
                buf_puts(b, ",\"seconds\":null,\"pages\":null,\"seen\":null,\"new\":null,"
                            "\"changed\":null,\"gone\":null");
        }
        buf_puts(b, ",\"filter\":");
        if (w->filter.p)
                buf_add(b, w->filter.p, w->filter.n);
        else
                buf_puts(b, "null");
}
