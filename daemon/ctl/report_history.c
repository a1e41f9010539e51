#include "ctl/report_history.h"
#include "base/text.h"

#include <string.h>

void history_begin(struct history *h, usec_t from, usec_t now)
{
        *h = (struct history){ .from = from, .to = now > from ? now : from + 1 };
        for (size_t k = 0; k < HISTORY_KINDS; k++)
                h->last[k] = from;
}

usec_t history_slice_start(const struct history *h, size_t i)
{
        usec_t span = h->to - h->from;

        return h->from + span / HISTORY_SLICES * (usec_t)i +
               span % HISTORY_SLICES * (usec_t)i / HISTORY_SLICES;
}

static usec_t within(const struct history *h, usec_t t)
{
        if (t < h->from)
                return h->from;
        return t > h->to ? h->to : t;
}

/* The slice that t lies in. */
static size_t slice_of(const struct history *h, usec_t t)
{
        size_t low = 0, high = HISTORY_SLICES - 1;

        while (low < high) {
                size_t middle = (low + high + 1) / 2;

                if (history_slice_start(h, middle) <= t)
                        low = middle;
                else
                        high = middle - 1;
        }
        return low;
}

static void note_pause(struct history *h, enum history_kind k, usec_t to, bool open)
{
        struct history_pause *p = h->pauses[k];
        const struct history_pause this = { h->last[k], to, !h->ever[k], open };
        size_t at = HISTORY_PAUSES;

        while (at && to - h->last[k] > p[at - 1].to - p[at - 1].from)
                at--;
        if (at == HISTORY_PAUSES)
                return;
        memmove(p + at + 1, p + at, (HISTORY_PAUSES - 1 - at) * sizeof(*p));
        p[at] = this;
}

/* Nothing of that kind was complete from its last time on to `to`. */
static void grow_old(struct history *h, enum history_kind k, usec_t to, bool open)
{
        size_t end = slice_of(h, to);

        for (size_t i = slice_of(h, h->last[k]); i <= end; i++) {
                usec_t until = history_slice_start(h, i + 1);
                usec_t age = (until < to ? until : to) - h->last[k];

                if (age > h->slices[i].age[k])
                        h->slices[i].age[k] = age;
        }
        note_pause(h, k, to, open);
}

static void complete(struct history *h, enum history_kind k, usec_t t)
{
        if (t < h->last[k])
                t = h->last[k];
        grow_old(h, k, t, false);
        h->last[k] = t;
        h->ever[k] = true;
}

static void count_reason(struct history *h, const char *reason)
{
        size_t i = 0;

        while (i < h->n_reasons && strcmp(h->reasons[i].reason, reason) != 0)
                i++;
        if (i == h->n_reasons && i < HISTORY_REASONS) {
                strcpy(h->reasons[i].reason, reason);
                h->n_reasons++;
        }
        h->reasons[i].walks++;
}

void history_walk(struct history *h, const struct account_walk *w)
{
        usec_t t = within(h, w->ended);
        struct history_slice *slice = &h->slices[slice_of(h, t)];
        struct history_walk *row = h->walks;

        memmove(row + 1, row, (HISTORY_WALKS - 1) * sizeof(*row));
        *row = (struct history_walk){ w->number,   w->pages,
                                      w->seen,     w->new,
                                      w->changed,  w->gone,
                                      w->n_gaps,   w->full,
                                      w->complete, w->filter.p && w->filter.type == JSON_OBJECT,
                                      w->started,  w->ended,
                                      "",          "" };
        strcpy(row->reason, w->reason);
        text_line(w->detail, strlen(w->detail), row->detail, sizeof(row->detail));
        h->n_walks++;
        h->n_full += w->full;
        h->n_complete += w->complete;
        h->n_gaps += w->n_gaps;
        slice->complete += w->complete;
        slice->failed += !w->complete;
        if (!w->complete)
                count_reason(h, w->reason);
        if (w->complete)
                complete(h, HISTORY_ANY, t);
        if (w->complete && w->full)
                complete(h, HISTORY_FULL, t);
}

void history_frame(struct history *h, usec_t time, uint64_t length)
{
        uint64_t *stored = &h->slices[slice_of(h, within(h, time))].stored;

        if (__builtin_add_overflow(*stored, length, stored))
                *stored = UINT64_MAX;
}

void history_end(struct history *h)
{
        for (size_t k = 0; k < HISTORY_KINDS; k++)
                grow_old(h, (enum history_kind)k, h->to, true);
}
