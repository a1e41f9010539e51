/* Completions and their tokens by day and by model. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_MODELS_MAX 64  /* an account uses a handful; further ones count as others */
#define TALLY_NAME_MAX   256 /* bytes of a model's name; longer ones are cut */
/* Days since 1970. An API's records are of our time; what says otherwise has no date. */
#define TALLY_DAY_MIN 10957 /* 2000-01-01 */
#define TALLY_DAY_MAX 47846 /* 2100-12-31 */

struct tally_sum {
        uint64_t completions, prompt, answer; /* tokens of the last two */
};

struct tally_model {
        char name[TALLY_NAME_MAX]; /* n bytes of it; 0: the record names none */
        size_t n;
        struct tally_sum sum;
};

struct tally {
        struct tally_model models[TALLY_MODELS_MAX + 1]; /* behind them, the others */
        size_t n_models;                                 /* without the others */
        struct tally_sum *days; /* n_days rows of TALLY_MODELS_MAX + 1, from `first` on */
        int first;
        size_t n_days;
        struct tally_sum all;
        uint64_t undated;  /* completions of no usable date: in the models' sums, in no day */
        uint64_t versions; /* later replaced; in no sum */
};

struct tally *tally_new(void);
struct tally *tally_free(struct tally *t); /* takes NULL, returns NULL */

/* created: seconds since 1970. */
void tally_add(struct tally *t, const char *model, size_t n, bool dated, int64_t created,
               uint64_t prompt, uint64_t answer);
/* Add all of `from`, whose models come behind those that are known. */
void tally_merge(struct tally *t, const struct tally *from);

/* The day's row, in the order of the models; NULL: nothing was created then. */
const struct tally_sum *tally_day(const struct tally *t, int day);
/* The models' numbers, the most completions first; of equal ones, by name. */
void tally_rank(const struct tally *t, size_t ret[static TALLY_MODELS_MAX]);
