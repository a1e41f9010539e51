/* What the report is made of: members out of lines, sums, spans of time, the scales of charts. */
#include "base/mem.h"
#include "ctl/report_bins.h"
#include "ctl/report_chart.h"
#include "ctl/report_history.h"
#include "ctl/report_html.h"
#include "ctl/report_skim.h"
#include "ctl/report_tally.h"
#include "ctl/report_versions.h"
#include "tap.h"

#define DAY ((int64_t)86400)

/* ---- lines ---- */

static const struct skim_want wants[] = {
        { NULL, "model" },
        { NULL, "created" },
        { "usage", "prompt_tokens" },
        { "us\"age", "k" },
};

#define WANTS ELEMENTS(wants)

static void put_value(struct buf *b, int depth)
{
        static const char *const plain[] = {
                "1",
                "-2.5e3",
                "null",
                "true",
                "\"\"",
                "\"x\"",
                "\"a\\\"b\"",
                "\"\\\\\"",
                "\"\\u0041{[,:\"",
                "\"\303\251\\n}\"",
        };
        static const char *const keys[] = {
                "\"model\"",       "\"mod\\u0065l\"", "\"created\"", "\"usage\"",
                "\"us\\\"age\"",   "\"k\"",           "\"\"",        "\"prompt_tokens\"",
                "\"created\\\\\"", "\"id\"",
        };
        unsigned n = tap_below(6), kind = depth == 0 ? 0 : tap_below(depth > 4 ? 1 : 4);

        if (depth && kind < 2) {
                buf_puts(b, plain[tap_below(ELEMENTS(plain))]);
                return;
        }
        buf_putc(b, kind == 3 ? '[' : '{');
        for (unsigned i = 0; i < n; i++) {
                buf_puts(b, i ? "," : "");
                if (kind != 3)
                        buf_printf(b, "%s:", keys[tap_below(ELEMENTS(keys))]);
                put_value(b, depth + 1);
        }
        buf_putc(b, kind == 3 ? ']' : '}');
}

struct seen {
        const char *line; /* the one that is expected next */
        size_t lines, wrong;
};

static bool same(const struct json *a, const struct json *b)
{
        bool scalar = b->type != JSON_OBJECT && b->type != JSON_ARRAY;

        return scalar && b->p ? a->type == b->type && a->n == b->n && memcmp(a->p, b->p, a->n) == 0
                              : a->type == JSON_NULL && !a->p;
}

/* The same, by the reader of whole texts. */
static void on_line(void *ctx, const struct json *values, const uint8_t *digest)
{
        struct seen *s = ctx;
        size_t n = strcspn(s->line, "\n");
        uint8_t sum[SHA256_SIZE];
        struct json record;

        sha256(s->line, n, sum);
        s->wrong += !digest || memcmp(sum, digest, sizeof(sum)) != 0 ||
                    json_parse(s->line, n, &record) < 0;
        for (size_t i = 0; i < WANTS; i++) {
                struct json in = record, v = { .type = JSON_NULL };

                /* Of an object that comes twice, members of the first stay if the last has none. */
                if (wants[i].within) {
                        struct json key, member;
                        size_t at = 0;

                        while (json_next(&record, &at, &key, &member))
                                if (json_equals(&key, wants[i].within) &&
                                    member.type == JSON_OBJECT &&
                                    json_member(&member, wants[i].key, &in))
                                        v = in;
                } else {
                        json_member(&in, wants[i].key, &v);
                }
                s->wrong += !same(&values[i], &v);
        }
        s->line += n + 1;
        s->lines++;
}

static void skimmed(void)
{
        for (unsigned round = 0; round < 400; round++) {
                _cleanup_buf_ struct buf b = BUF_INIT;
                struct seen s = { .lines = 0 };
                struct skim *k = skim_new(wants, WANTS, true, on_line, &s);

                for (unsigned i = 0; i < 20; i++) {
                        put_value(&b, 0);
                        buf_putc(&b, '\n');
                }
                s.line = buf_str(&b);
                for (size_t at = 0, n; at < b.n; at += n) {
                        n = round % 65 ? round % 65 : b.n;
                        n = n < b.n - at ? n : b.n - at;
                        skim_feed(k, b.p + at, n);
                }
                CHECK(s.lines == 20 && s.wrong == 0);
                skim_free(k);
        }
}

static void count_line(void *ctx, const struct json *values, const uint8_t *digest)
{
        struct seen *s = ctx;

        (void)digest;
        s->lines++;
        s->wrong += json_equals(&values[0], "m") || values[1].p;
}

/* What breaks off, is too long, or is no JSON at all: the next line is read as if nothing was. */
static void odd_lines(void)
{
        static const char *const odd[] = { "{\"a\":\"",
                                           "}}}]]{\"",
                                           "",
                                           "[{\"model\":\"m\"}",
                                           "\377",
                                           "{\"model\":{\"model\":\"m\"}}",
                                           "{\"x\":[\"model\":\"m\"" };
        static const char good[] = "{\"model\":\"m\"}\n";
        struct seen s = { .lines = 0 };
        struct skim *k = skim_new(wants, WANTS, false, count_line, &s);
        char longest[SKIM_VALUE_MAX + 2];

        for (size_t i = 0; i < ELEMENTS(odd); i++) {
                skim_feed(k, odd[i], strlen(odd[i]));
                skim_feed(k, "\n", 1);
                CHECK(s.wrong == i && s.lines == 2 * i + 1);
                skim_feed(k, good, strlen(good));
                CHECK(s.wrong == i + 1);
        }
        memset(longest, '1', sizeof(longest));
        skim_feed(k, "{\"model\":\"", 10);
        skim_feed(k, longest, sizeof(longest));
        skim_feed(k, "\"}\n{\"created\":", 14);
        skim_feed(k, longest, sizeof(longest));
        skim_feed(k, "}\n{\"created\":\"", 14);
        CHECK(s.wrong == ELEMENTS(odd));
        skim_reset(k);
        skim_feed(k, good, strlen(good));
        CHECK(s.wrong == ELEMENTS(odd) + 1 && s.lines == 2 * ELEMENTS(odd) + 3);
        skim_free(k);
}

/* ---- sums ---- */

static uint64_t cell(const struct tally *t, int64_t day, const char *model)
{
        const struct tally_sum *row = tally_day(t, (int)day);

        for (size_t i = 0; row && i < t->n_models; i++)
                if (t->models[i].n == strlen(model) &&
                    memcmp(t->models[i].name, model, strlen(model)) == 0)
                        return row[i].completions;
        return 0;
}

static void tallied(void)
{
        struct tally *whole = tally_new(), *merged = tally_new(), *part = tally_new();
        uint64_t days = 0;
        size_t order[TALLY_MODELS_MAX];

        for (unsigned i = 0; i < 3000; i++) {
                int64_t t = (TALLY_DAY_MIN + 9000 + (int64_t)tap_below(400)) * DAY +
                            tap_below((unsigned)DAY);
                char model[16];

                snprintf(model, sizeof(model), "m%u", tap_below(80));
                tally_add(whole, model, strlen(model), true, t, i, 2 * i);
                tally_add(part, model, strlen(model), true, t, i, 2 * i);
                if (i % 50 == 49) { /* fewer models than there is room for */
                        tally_merge(merged, part);
                        tally_free(part);
                        part = tally_new();
                }
        }
        tally_merge(merged, part);
        CHECK(memcmp(&whole->all, &merged->all, sizeof(whole->all)) == 0);
        CHECK(whole->all.completions == 3000 && whole->all.answer == 2 * whole->all.prompt);
        CHECK(memcmp(whole->models, merged->models, sizeof(whole->models)) == 0);
        CHECK(merged->models[TALLY_MODELS_MAX].sum.completions > 0);
        for (int64_t d = TALLY_DAY_MIN + 9000; d < TALLY_DAY_MIN + 9400; d++)
                for (size_t i = 0; i <= TALLY_MODELS_MAX; i++)
                        days += tally_day(merged, (int)d) ? tally_day(merged, (int)d)[i].completions
                                                          : 0;
        CHECK(days == 3000);
        tally_rank(merged, order);
        for (size_t i = 1; i < merged->n_models; i++)
                CHECK(merged->models[order[i - 1]].sum.completions >=
                      merged->models[order[i]].sum.completions);
        tally_free(whole);
        tally_free(merged);
        tally_free(part);
}

static void days_bounded(void)
{
        struct tally *t = tally_new();

        tally_add(t, "a", 1, true, TALLY_DAY_MIN * DAY, 1, 1);
        tally_add(t, "a", 1, true, (TALLY_DAY_MAX + 1) * DAY - 1, UINT64_MAX, 1);
        CHECK(t->undated == 0 && t->n_days == TALLY_DAY_MAX - TALLY_DAY_MIN + 1);
        CHECK(t->all.prompt == UINT64_MAX); /* full, not round again */
        CHECK(cell(t, TALLY_DAY_MIN, "a") == 1);
        tally_add(t, "a", 1, true, TALLY_DAY_MIN * DAY - 1, 1, 1);
        tally_add(t, "a", 1, true, (TALLY_DAY_MAX + 1) * DAY, 1, 1);
        tally_add(t, "a", 1, true, INT64_MIN, 1, 1);
        tally_add(t, "a", 1, true, INT64_MAX, 1, 1);
        tally_add(t, "", 0, false, 0, 1, 1);
        CHECK(t->undated == 5 && t->all.completions == 7);
        CHECK(!tally_day(t, TALLY_DAY_MIN - 1) && !tally_day(t, TALLY_DAY_MAX + 1));
        tally_free(t);
}

static void replaced(void)
{
        struct versions *v = versions_new();
        uint8_t digest[SHA256_SIZE] = { 0 };
        unsigned taken = 0;

        CHECK(!versions_take(v, digest));
        for (uint32_t i = 0; i < 30000; i++) {
                memcpy(digest, &i, sizeof(i));
                versions_add(v, digest);
                if (i % 3 == 0)
                        versions_add(v, digest);
        }
        for (uint32_t i = 0; i < 40000; i++) {
                memcpy(digest, &i, sizeof(i));
                for (int again = 0; again < 3; again++)
                        taken += versions_take(v, digest);
        }
        CHECK(taken == 40000 && versions_count(v) == 40000 && !versions_full(v));
        versions_free(v);
}

/* ---- time ---- */

static void binned(void)
{
        for (unsigned round = 0; round < 300; round++) {
                int first = TALLY_DAY_MIN + (int)tap_below(TALLY_DAY_MAX - TALLY_DAY_MIN);
                int span = 1 << tap_below(16), last = first + (int)tap_below((unsigned)span);
                char a[BINS_TEXT_MAX], c[BINS_TEXT_MAX];
                struct bins b;

                last = last > TALLY_DAY_MAX ? TALLY_DAY_MAX : last;
                bins_make(&b, first, last);
                CHECK(b.n >= 1 && b.n <= 102 && b.start[0] <= first && b.start[b.n] > last);
                for (size_t i = 0; i < b.n; i++) {
                        CHECK(b.start[i] < b.start[i + 1]);
                        CHECK(i == 0 ||
                              strcmp(bins_title(&b, i - 1, a), bins_title(&b, i, c)) != 0);
                }
        }
}

static void spaced(void)
{
        for (unsigned round = 0; round < 3000; round++) {
                uint64_t max = tap_random() >> tap_below(64);
                enum chart_scale scale = tap_below(3);
                uint64_t step = chart_step(scale, max);

                CHECK(step > 0 && max / step <= 4);
                CHECK(max < 20 * (uint64_t)USEC_PER_SEC || max / step >= 1 || scale == CHART_SPAN);
        }
        CHECK(chart_step(CHART_COUNT, 0) == 1);
}

#define UNITS (HISTORY_SLICES * 9 + 31)

/* The age at each moment, one by one. */
static usec_t aged(const struct history *h, const bool *complete, size_t slice)
{
        usec_t last = h->from, most = 0, end = history_slice_start(h, slice + 1);

        for (usec_t t = h->from; t <= end; t++) {
                if (t >= history_slice_start(h, slice) && t - last > most)
                        most = t - last;
                if (complete[t - h->from])
                        last = t;
        }
        return most;
}

static void grown_old(void)
{
        struct history *h = mem_new(sizeof(*h));

        for (unsigned round = 0; round < 30; round++) {
                bool complete[UNITS + 1] = { false };
                usec_t from = 1000 + tap_below(1000), longest = 0, last = from;

                history_begin(h, from, from + UNITS);
                for (usec_t t = 1; t <= UNITS; t += 1 + tap_below(round < 15 ? 40 : 900)) {
                        struct account_walk w = { .number = 1, .ended = from + t };

                        w.complete = tap_below(3) != 0;
                        complete[t] = w.complete;
                        if (w.complete && from + t - last > longest)
                                longest = from + t - last;
                        if (w.complete)
                                last = from + t;
                        strcpy(w.reason, "http");
                        history_walk(h, &w);
                }
                history_end(h);
                if (from + UNITS - last > longest)
                        longest = from + UNITS - last;
                for (size_t i = 0; i < HISTORY_SLICES; i++)
                        CHECK(h->slices[i].age[HISTORY_ANY] == aged(h, complete, i));
                CHECK(h->pauses[HISTORY_ANY][0].to - h->pauses[HISTORY_ANY][0].from == longest);
                CHECK(!h->ever[HISTORY_FULL] && h->pauses[HISTORY_FULL][0].open &&
                      h->slices[HISTORY_SLICES - 1].age[HISTORY_FULL] == UNITS);
                CHECK(h->n_reasons <= 1 && h->reasons[0].walks == h->n_walks - h->n_complete);
        }
        free(h);
}

/* Clocks that jump, and reasons that nobody knows. */
static void odd_history(void)
{
        static const usec_t times[] = { INT64_MIN, -5, 0, 1000, 700, 900, 5000, INT64_MAX, 1 };
        struct history *h = mem_new(sizeof(*h));

        history_begin(h, 500, 2000);
        for (size_t i = 0; i < 9 * 30; i++) {
                struct account_walk w = { .number = i, .full = true, .complete = i % 2 };

                w.ended = w.started = times[i % 9];
                snprintf(w.reason, sizeof(w.reason), "r%zu", i);
                history_walk(h, &w);
                history_frame(h, times[i % 9], UINT64_MAX);
        }
        history_end(h);
        CHECK(h->n_reasons == HISTORY_REASONS && h->n_walks == 270);
        CHECK(h->reasons[HISTORY_REASONS].walks == 135 - HISTORY_REASONS);
        CHECK(h->pauses[HISTORY_FULL][0].to <= 2000 && h->last[HISTORY_FULL] <= 2000);
        CHECK(h->walks[0].number == 269 && h->walks[HISTORY_WALKS - 1].number == 250);
        for (size_t i = 0; i < HISTORY_SLICES; i++)
                CHECK(h->slices[i].age[HISTORY_FULL] >= 0 &&
                      h->slices[i].age[HISTORY_FULL] <= 1500);
        free(h);
}

/* ---- numbers ---- */

static void numbers(void)
{
        char text[HTML_NUMBER_MAX], span[HTML_SPAN_MAX];

        CHECK(strcmp(html_compact(0, text), "0") == 0 &&
              strcmp(html_compact(999, text), "999") == 0);
        CHECK(strcmp(html_compact(200000000, text), "200M") == 0);
        CHECK(strcmp(html_span(90061 * USEC_PER_SEC, span), "1d 1h") == 0);
}

int main(void)
{
        RUN(skimmed, "members are found as by a whole parse, whatever the line and its pieces");
        RUN(odd_lines, "a line that is no record does no harm to the next");
        RUN(tallied, "tallies of parts add up to that of the whole");
        RUN(days_bounded, "days before 2000 and past 2100 are no dates; sums do not run over");
        RUN(replaced, "a digest is taken as often as it was added");
        RUN(binned, "days, weeks, months and years cover every span, in a hundred bars at most");
        RUN(spaced, "a grid has one to four lines, whatever the numbers");
        RUN(grown_old, "the age in each slice is that of each of its moments");
        RUN(odd_history, "clocks that jump and unknown reasons stay in their bounds");
        RUN(numbers, "numbers and spans are short");
        return tap_end();
}
