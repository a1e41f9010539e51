#include "base/mem.h"
#include "ctl/report_bins.h"
#include "ctl/report_chart.h"
#include "ctl/report_core.h"
#include "ctl/report_html.h"

#include <stdio.h>
#include <string.h>

#define TOP_MODELS 6 /* that have a colour each; one more is the others' */

/* ---- by day, week, month or year ---- */

static const char *bin_label(void *ctx, size_t i, char out[static CHART_TEXT_MAX])
{
        return bins_label(ctx, i, out);
}

static const char *bin_title(void *ctx, size_t i, char out[static CHART_TEXT_MAX])
{
        return bins_title(ctx, i, out);
}

static uint64_t add(uint64_t a, uint64_t b)
{
        return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

/* Call fn for each day that has something, with its bar. */
static void each_day(const struct tally *t, const struct bins *b,
                     void (*fn)(struct chart *c, size_t bar, const struct tally_sum *day),
                     struct chart *c)
{
        for (size_t i = 0; i < b->n; i++)
                for (int day = b->start[i]; day < b->start[i + 1]; day++)
                        if (tally_day(t, day))
                                fn(c, i, tally_day(t, day));
}

static void begin(struct chart *c, struct bins *b, int first, int last)
{
        bins_make(b, first, last);
        c->unit = bins_unit(b);
        c->n = b->n;
        c->values = mem_new(b->n * sizeof(*c->values));
        c->label = bin_label;
        c->describe = bin_title;
        c->ctx = b;
}

static void series(struct chart *c, const char *name, size_t n, const char *colour, uint64_t all)
{
        c->series[c->n_series++] = (struct chart_series){ name, n, colour, all };
}

/* ---- completions by model, and tokens ---- */

struct ranked {
        struct chart chart;
        size_t column[TALLY_MODELS_MAX + 1]; /* the series of each model */
};

static void add_models(struct chart *c, size_t bar, const struct tally_sum *day)
{
        const struct ranked *k = (const struct ranked *)c; /* its first member */

        for (size_t m = 0; m <= TALLY_MODELS_MAX; m++)
                if (day[m].completions) {
                        uint64_t *v = &c->values[bar][k->column[m]];

                        *v = add(*v, day[m].completions);
                }
}

static void rank_models(const struct tally *t, struct ranked *k)
{
        static const char *const colours[TOP_MODELS] = { "c0", "c1", "c2", "c3", "c4", "c5" };
        size_t order[TALLY_MODELS_MAX];
        uint64_t others = t->models[TALLY_MODELS_MAX].sum.completions;

        tally_rank(t, order);
        for (size_t i = 0; i <= TALLY_MODELS_MAX; i++)
                k->column[i] = TOP_MODELS;
        for (size_t i = 0; i < t->n_models; i++) {
                const struct tally_model *m = &t->models[order[i]];

                if (i >= TOP_MODELS) {
                        others = add(others, m->sum.completions);
                        continue;
                }
                k->column[order[i]] = k->chart.n_series;
                series(&k->chart, m->n ? m->name : "(no model)", m->n ? m->n : 10, colours[i],
                       m->sum.completions);
        }
        if (others)
                series(&k->chart, "others", 6, "c6", others);
}

static void put_completions(const struct tally *t, struct buf *out)
{
        struct ranked k = { .chart = { .title = "Completions by model",
                                       .note = "Each completion once, by when it was "
                                               "created (UTC)." } };
        struct bins bins;

        begin(&k.chart, &bins, t->first, t->first + (int)t->n_days - 1);
        rank_models(t, &k);
        each_day(t, &bins, add_models, &k.chart);
        chart_put(&k.chart, out);
        free(k.chart.values);
}

static void add_tokens(struct chart *c, size_t bar, const struct tally_sum *day)
{
        for (size_t m = 0; m <= TALLY_MODELS_MAX; m++) {
                c->values[bar][0] = add(c->values[bar][0], day[m].prompt);
                c->values[bar][1] = add(c->values[bar][1], day[m].answer);
        }
}

static void put_tokens(const struct tally *t, struct buf *out)
{
        struct chart c = { .title = "Tokens",
                           .note = "As the records count them, in their newest versions." };
        struct bins bins;

        begin(&c, &bins, t->first, t->first + (int)t->n_days - 1);
        series(&c, "prompts", 7, "c0", t->all.prompt);
        series(&c, "answers", 7, "c1", t->all.answer);
        each_day(t, &bins, add_tokens, &c);
        chart_put(&c, out);
        free(c.values);
}

/* ---- changes ---- */

static const struct {
        const char *type, *name, *colour;
} kinds[] = {
        { "changed", "changed", "c2" },
        { "gone", "gone", "c5" },
        { "returned", "returned", "c1" },
        { "messages-missing", "prompt missing", "c6" },
};

struct changes {
        struct chart chart;
        const struct tally *tally;
};

static size_t kind_of(const struct tally_model *m)
{
        size_t i = 0;

        while (i < ELEMENTS(kinds) &&
               (m->n != strlen(kinds[i].type) || memcmp(m->name, kinds[i].type, m->n) != 0))
                i++;
        return i;
}

static void add_changes(struct chart *c, size_t bar, const struct tally_sum *day)
{
        const struct tally *t = ((const struct changes *)c)->tally;

        for (size_t m = 0; m < t->n_models; m++)
                if (kind_of(&t->models[m]) < ELEMENTS(kinds)) {
                        uint64_t *v = &c->values[bar][kind_of(&t->models[m])];

                        *v = add(*v, day[m].completions);
                }
}

static int day_of(usec_t t)
{
        int64_t day = t / USEC_PER_DAY;

        return day < TALLY_DAY_MIN ? TALLY_DAY_MIN : day > TALLY_DAY_MAX ? TALLY_DAY_MAX : (int)day;
}

static void put_changes(const struct sheet *r, struct buf *out)
{
        struct changes k = { .chart = { .title = "Changes and tombstones",
                                        .note = "By when they were observed. What is "
                                                "gone upstream stays in the archive.",
                                        .small = true },
                             .tally = r->changes };
        int first = day_of(r->history.from), last = day_of(r->history.to);
        uint64_t all[ELEMENTS(kinds)] = { 0 };
        struct bins bins;

        for (size_t m = 0; m < r->changes->n_models; m++)
                if (kind_of(&r->changes->models[m]) < ELEMENTS(kinds))
                        all[kind_of(&r->changes->models[m])] =
                                r->changes->models[m].sum.completions;
        begin(&k.chart, &bins, first, last);
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                series(&k.chart, kinds[i].name, strlen(kinds[i].name), kinds[i].colour, all[i]);
        each_day(r->changes, &bins, add_changes, &k.chart);
        chart_put(&k.chart, out);
        free(k.chart.values);
}

/* ---- by slices of the archive's own time ---- */

static const char *slice_text(const struct history *h, size_t i, bool whole,
                              char out[static CHART_TEXT_MAX])
{
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        char text[CLOCK_TEXT_MAX];
        usec_t span = h->to - h->from;
        int month;

        clock_rfc3339(history_slice_start(h, i), text);
        month = (text[5] - '0') * 10 + text[6] - '1';
        if (whole)
                snprintf(out, CHART_TEXT_MAX, "%.10s %.8s UTC", text, text + 11);
        else if (span < 10 * USEC_PER_MIN)
                snprintf(out, CHART_TEXT_MAX, "%.8s", text + 11);
        else if (span < 2 * USEC_PER_DAY)
                snprintf(out, CHART_TEXT_MAX, "%.5s", text + 11);
        else
                snprintf(out, CHART_TEXT_MAX, "%.3s %.2s", months + (ptrdiff_t)month * 3, text + 8);
        return out;
}

static const char *slice_label(void *ctx, size_t i, char out[static CHART_TEXT_MAX])
{
        return slice_text(ctx, i, false, out);
}

static const char *slice_title(void *ctx, size_t i, char out[static CHART_TEXT_MAX])
{
        return slice_text(ctx, i, true, out);
}

static struct chart sliced(const struct history *h)
{
        return (struct chart){ .unit = "moment",
                               .steps = true,
                               .small = true,
                               .n = HISTORY_SLICES,
                               .values = mem_new(HISTORY_SLICES *
                                                 sizeof(uint64_t[CHART_SERIES_MAX])),
                               .label = slice_label,
                               .describe = slice_title,
                               .ctx = (void *)h };
}

static void put_age(const struct history *h, enum history_kind kind, struct buf *out)
{
        static const char *const titles[] = { "Age of the last complete walk",
                                              "Age of the last complete full walk" };
        static const char *const notes[] = {
                "What had changed upstream for so long was not in the archive yet. It rises until "
                "a "
                "walk is complete, of either kind.",
                "Changes of old records and deletions are seen by full walks only.",
        };
        struct chart c = sliced(h);
        uint64_t failed[HISTORY_SLICES];

        c.title = titles[kind];
        c.note = notes[kind];
        c.scale = CHART_SPAN;
        series(&c, "age", 3, kind == HISTORY_FULL ? "c4" : "c0", 0);
        for (size_t i = 0; i < HISTORY_SLICES; i++) {
                c.values[i][0] = (uint64_t)h->slices[i].age[kind];
                failed[i] = h->slices[i].failed;
        }
        if (kind == HISTORY_ANY) {
                c.marks = failed;
                c.marks_name = "failed walks";
        }
        chart_put(&c, out);
        free(c.values);
}

static void put_stored(const struct history *h, struct buf *out)
{
        struct chart c = sliced(h);
        uint64_t sum = 0;

        c.title = "Bytes stored";
        c.note = "Compressed, of all streams, since the archive began.";
        c.scale = CHART_SIZE;
        series(&c, "stored", 6, "c1", 0);
        for (size_t i = 0; i < HISTORY_SLICES; i++) {
                sum = add(sum, h->slices[i].stored);
                c.values[i][0] = sum;
        }
        chart_put(&c, out);
        free(c.values);
}

void sheet_charts(const struct sheet *r, struct buf *out)
{
        buf_puts(out, "<section><h2>What was archived</h2>");
        if (r->completions->n_days) {
                put_completions(r->completions, out);
                put_tokens(r->completions, out);
        } else {
                buf_puts(out, "<p class=\"none\">There are no completions with a date.</p>");
        }
        put_changes(r, out);
        put_stored(&r->history, out);
        buf_puts(out, "</section>\n<section><h2>How fresh it was</h2>");
        sheet_walked(&r->history, out);
        put_age(&r->history, HISTORY_ANY, out);
        put_age(&r->history, HISTORY_FULL, out);
}
