#include "ctl/report_tally.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define OTHERS  TALLY_MODELS_MAX
#define COLUMNS (TALLY_MODELS_MAX + 1)

struct tally *tally_new(void)
{
        return mem_new(sizeof(struct tally));
}

struct tally *tally_free(struct tally *t)
{
        if (t)
                free(t->days);
        free(t);
        return NULL;
}

/* A forged record may say anything of its tokens. */
static void add(uint64_t *to, uint64_t n)
{
        if (__builtin_add_overflow(*to, n, to))
                *to = UINT64_MAX;
}

static void sum_add(struct tally_sum *to, const struct tally_sum *from)
{
        add(&to->completions, from->completions);
        add(&to->prompt, from->prompt);
        add(&to->answer, from->answer);
}

static size_t model_number(struct tally *t, const char *name, size_t n)
{
        if (n > TALLY_NAME_MAX)
                n = TALLY_NAME_MAX;
        for (size_t i = 0; i < t->n_models; i++)
                if (t->models[i].n == n && memcmp(t->models[i].name, name, n) == 0)
                        return i;
        if (t->n_models == TALLY_MODELS_MAX)
                return OTHERS;
        t->models[t->n_models].n = n;
        if (n)
                memcpy(t->models[t->n_models].name, name, n);
        return t->n_models++;
}

/* Rows from `day` to what there is already, and some more: days come in order, most of the time. */
static struct tally_sum *row_of(struct tally *t, int day)
{
        int end = t->first + (int)t->n_days, first = t->n_days ? t->first : day;
        struct tally_sum *days;

        if (t->n_days && day >= first && day < end)
                return t->days + (size_t)(day - first) * COLUMNS;
        if (t->n_days == 0)
                end = day + 1;
        if (day < first)
                first = day;
        if (day >= end)
                end = day + 1;
        days = mem_new((size_t)(end - first) * COLUMNS * sizeof(*days));
        if (t->n_days)
                memcpy(days + (size_t)(t->first - first) * COLUMNS, t->days,
                       t->n_days * COLUMNS * sizeof(*days));
        free(t->days);
        t->days = days;
        t->first = first;
        t->n_days = (size_t)(end - first);
        return days + (size_t)(day - first) * COLUMNS;
}

void tally_add(struct tally *t, const char *model, size_t n, bool dated, int64_t created,
               uint64_t prompt, uint64_t answer)
{
        const struct tally_sum one = { 1, prompt, answer };
        const int64_t seconds = USEC_PER_DAY / USEC_PER_SEC;
        size_t m = model_number(t, model, n);

        sum_add(&t->models[m].sum, &one);
        sum_add(&t->all, &one);
        if (dated && created >= TALLY_DAY_MIN * seconds && created < (TALLY_DAY_MAX + 1) * seconds)
                sum_add(row_of(t, (int)(created / seconds)) + m, &one);
        else
                t->undated++;
}

void tally_merge(struct tally *t, const struct tally *from)
{
        size_t number[COLUMNS];

        for (size_t i = 0; i < from->n_models; i++)
                number[i] = model_number(t, from->models[i].name, from->models[i].n);
        number[OTHERS] = OTHERS;
        for (size_t i = 0; i < COLUMNS; i++)
                if (i < from->n_models || i == OTHERS)
                        sum_add(&t->models[number[i]].sum, &from->models[i].sum);
        for (size_t d = 0; d < from->n_days; d++)
                for (size_t i = 0; i < COLUMNS; i++) {
                        const struct tally_sum *cell = from->days + d * COLUMNS + i;

                        if (cell->completions)
                                sum_add(row_of(t, from->first + (int)d) + number[i], cell);
                }
        sum_add(&t->all, &from->all);
        add(&t->undated, from->undated);
        add(&t->versions, from->versions);
}

const struct tally_sum *tally_day(const struct tally *t, int day)
{
        if (day < t->first || (size_t)(day - t->first) >= t->n_days)
                return NULL;
        return t->days + (size_t)(day - t->first) * COLUMNS;
}

static bool before(const struct tally_model *a, const struct tally_model *b)
{
        size_t n = a->n < b->n ? a->n : b->n;
        int r;

        if (a->sum.completions != b->sum.completions)
                return a->sum.completions > b->sum.completions;
        r = memcmp(a->name, b->name, n);
        return r ? r < 0 : a->n < b->n;
}

void tally_rank(const struct tally *t, size_t ret[static TALLY_MODELS_MAX])
{
        for (size_t i = 0; i < t->n_models; i++) {
                size_t at = i;

                for (; at && before(&t->models[i], &t->models[ret[at - 1]]); at--)
                        ret[at] = ret[at - 1];
                ret[at] = i;
        }
}
