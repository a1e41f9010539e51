#include "ctl/account.h"
#include "base/mem.h"
#include "store/replay.h"

#include <string.h>

static usec_t moment(const struct json *members, const char *key)
{
        char text[CLOCK_TEXT_MAX];
        usec_t t;

        return ledger_text(members, key, text, sizeof(text)) && clock_parse(text, &t) == 0 ? t : 0;
}

static void text_of(const struct json *members, const char *key, char *ret, size_t room)
{
        if (!ledger_text(members, key, ret, room))
                ret[0] = '\0';
}

static bool is_full(const struct json *members)
{
        struct json kind;

        return json_member(members, "kind", &kind) && json_equals(&kind, "full");
}

static void on_open(struct account *a, const struct ledger_line *line)
{
        if (a->since)
                return;
        a->since = line->time;
        text_of(&line->members, "base_url", a->base_url, sizeof(a->base_url));
        text_of(&line->members, "project", a->project, sizeof(a->project));
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
        ledger_uint(&line->members, "walk", &a->begun.number);
        a->begun.full = is_full(&line->members);
        a->begun.started = moment(&line->members, "started");
}

/* The line is parsed anew from a copy: its slices have to outlive it. */
static void walk_read(struct account_walk *w, const struct ledger_line *line)
{
        struct json m, state;
        int64_t gap;
        size_t at = 0;

        free(w->text);
        *w = (struct account_walk){ .text = mem_strndup(line->text, line->length) };
        if (json_parse(w->text, line->length, &m) < 0)
                return;
        ledger_uint(&m, "walk", &w->number);
        ledger_uint(&m, "pages", &w->pages);
        ledger_uint(&m, "seen", &w->seen);
        ledger_uint(&m, "new", &w->new);
        ledger_uint(&m, "changed", &w->changed);
        ledger_uint(&m, "gone", &w->gone);
        w->full = is_full(&m);
        w->complete = json_member(&m, "state", &state) && json_equals(&state, "complete");
        text_of(&m, "reason", w->reason, sizeof(w->reason));
        text_of(&m, "detail", w->detail, sizeof(w->detail));
        w->started = moment(&m, "started");
        w->ended = line->time;
        json_member(&m, "gaps", &w->gaps);
        json_member(&m, "filter", &w->filter);
        while (account_gap(w, &at, &gap))
                w->n_gaps++;
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
