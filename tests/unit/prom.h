/* A file of metrics in a directory of its own, written, and parsed back by a parser that knows
 * nothing of the writer. */
#pragma once

#include "tap.h"
#include "scratch.h"
#include "run/metrics.h"

#include <inttypes.h>

#define FILE_NAME "chat.prom"
#define SAMPLES   700

static char *dir;
static char path[SCRATCH_PATH_MAX];
static struct metrics_now idle;

static struct {
        char series[320], value[40];
        bool asked; /* a test compared it */
} samples[SAMPLES];
static size_t n_samples;

static inline bool parse_line(char *line, char family[static 128], unsigned *state)
{
        char name[128], rest[512];
        char *space;

        if (sscanf(line, "# HELP %127s %511[^\n]", name, rest) == 2) {
                *state = 1;
                snprintf(family, 128, "%s", name);
                return strncmp(name, "chatarchived_", 13) == 0;
        }
        if (sscanf(line, "# TYPE %127s %511s", name, rest) == 2) {
                size_t n = strlen(name);
                bool total = n > 6 && strcmp(name + n - 6, "_total") == 0;

                if (*state != 1 || strcmp(family, name) != 0)
                        return false;
                *state = 2;
                return strcmp(rest, total ? "counter" : "gauge") == 0;
        }
        space = strrchr(line, ' ');
        if (*state != 2 || !space || strncmp(line, family, strlen(family)) != 0 ||
            line[strlen(family)] != '{' || n_samples == SAMPLES || space[1] == '\0')
                return false;
        *space = '\0';
        if (strlen(line) >= sizeof(samples->series) || space[-1] != '}')
                return false;
        snprintf(samples[n_samples].series, sizeof(samples->series), "%s", line);
        snprintf(samples[n_samples].value, sizeof(samples->value), "%s", space + 1);
        samples[n_samples++].asked = false;
        return true;
}

/* The whole of it is good and no series comes twice. Spoils the text. */
static inline bool parse(char *text)
{
        char family[128] = "";
        unsigned state = 0;
        char *end;

        for (n_samples = 0; *text; text = end + 1) {
                end = strchr(text, '\n');
                if (!end)
                        return false;
                *end = '\0';
                if (!parse_line(text, family, &state)) {
                        printf("# bad line: %s\n", text);
                        return false;
                }
        }
        for (size_t i = 0; i < n_samples; i++) {
                for (size_t j = 0; j < i; j++) {
                        if (strcmp(samples[i].series, samples[j].series) == 0)
                                return false;
                }
        }
        return n_samples > 0;
}

static inline bool write_and_parse(const struct metrics *m, const struct metrics_now *now)
{
        struct err e = { 0 };
        char *text;
        size_t n;
        bool good;

        if (metrics_write(m, path, now, &e) != 0) {
                printf("# %s\n", e.text);
                return false;
        }
        text = scratch_read(dir, FILE_NAME, &n);
        good = strlen(text) == n && parse(text);
        free(text);
        return good;
}

/* The value of chatarchived_NAME{archive="/a"MORE} is this. */
static inline bool is(const char *name, const char *more, const char *value)
{
        char series[320];

        snprintf(series, sizeof(series), "chatarchived_%s{archive=\"/a\"%s}", name, more);
        for (size_t i = 0; i < n_samples; i++) {
                if (strcmp(samples[i].series, series) != 0)
                        continue;
                samples[i].asked = true;
                if (strcmp(samples[i].value, value) == 0)
                        return true;
                printf("# %s is %s, not %s\n", series, samples[i].value, value);
                return false;
        }
        printf("# %s is not there\n", series);
        return false;
}

static inline bool counts(const char *name, const char *more, uint64_t value)
{
        char text[40];

        snprintf(text, sizeof(text), "%" PRIu64, value);
        return is(name, more, text);
}

static inline void prom_begin(void)
{
        dir = scratch_new();
        scratch_join(path, dir, FILE_NAME);
        scratch_must(chmod(dir, 0755) == 0, dir);
}
