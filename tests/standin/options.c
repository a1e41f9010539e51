#include "options.h"

#include <err.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum type { FLAG, NUMBER, SIZE, TEXT, CHOICE, BIG };

static const char *const IDS[] = { "random", "time", NULL };
static const char *const KINDS[] = { "text", "repeating", "base64", "escapes", NULL };
static const char *const FRAMINGS[] = { "auto", "length", "chunked", "close", NULL };
static const char *const CURSORS[] = { "t1", "exact", NULL };
static const char *const UNKNOWNS[] = { "404", "400", "empty", "first", "keep", NULL };
static const char *const AUTHS[] = { "any", "bearer", "api-key", NULL };

static const struct option_row {
        const char *name;
        const char *value; /* its default is options_default()'s */
        enum type type;
        size_t at;
        const char *const *choices; /* in the order of their enum */
        const char *help;
} ROWS[] = {
#define AT(member) offsetof(struct options, member)
        { "port", "N", NUMBER, AT(port), NULL, "0: any free one" },
        { "watch-stdin", NULL, FLAG, AT(watch_stdin), NULL, "stop when stdin ends" },
        { "records", "N", NUMBER, AT(plan.records), NULL, "how many to begin with" },
        { "seed", "S", NUMBER, AT(shape.seed), NULL, "another one, other records" },
        { "start", "EPOCH", NUMBER, AT(plan.start), NULL, "the newest record's second" },
        { "spread", "SECONDS", NUMBER, AT(plan.spread), NULL,
          "between seconds with records, avg." },
        { "ties", "MAX", NUMBER, AT(plan.ties), NULL, "a second has 1 to MAX records" },
        { "tie-storm", "K", NUMBER, AT(plan.tie_storm), NULL, "one second with K, in the middle" },
        { "serve-dir", "DIR", TEXT, AT(plan.serve_dir), NULL, "recorded bodies, not generated" },
        { "tiny", NULL, FLAG, AT(shape.tiny), NULL, "records of id and created only" },
        { "awkward", NULL, FLAG, AT(shape.awkward), NULL, "valid JSON that programs get wrong" },
        { "ids", "HOW", CHOICE, AT(shape.ids), IDS, "time: they begin with their second" },
        { "odd-ids", NULL, FLAG, AT(shape.odd_ids), NULL, "ids with / ? % \" and the like" },
        { "kind", "KIND", CHOICE, AT(shape.kind), KINDS, "of answers and prompts" },
        { "record-bytes", "SIZE", SIZE, AT(shape.record_bytes), NULL, "an answer, typically" },
        { "prompts", "MAX", NUMBER, AT(shape.prompts_max), NULL, "a completion has 0 to MAX" },
        { "prompt-bytes", "SIZE", SIZE, AT(shape.prompt_bytes), NULL, "a message, typically" },
        { "big-string", "SIZE@INDEX", BIG, AT(shape.bigs), NULL, "that answer; repeatable" },
        { "big-prompt", "SIZE@INDEX", BIG, AT(shape.big_prompts), NULL, "its message 0; likewise" },
        { "big-kind", "KIND", CHOICE, AT(shape.big_kind), KINDS, "of these" },
        { "pretty", NULL, FLAG, AT(pretty), NULL, "white space between tokens" },
        { "shuffle-keys", NULL, FLAG, AT(shuffle_keys), NULL, "in each answer another order" },
        { "limit-max", "N", NUMBER, AT(limit_max), NULL, "0: no ceiling" },
        { "ignore-limit", NULL, FLAG, AT(ignore_limit), NULL, "each page holds all that is left" },
        { "cursor", "HOW", CHOICE, AT(cursor), CURSORS, "t1: ties lost, random order in them" },
        { "unknown-cursor", "HOW", CHOICE, AT(unknown_cursor), UNKNOWNS, "for unknown or deleted" },
        { "latency-ms", "N", NUMBER, AT(latency_ms), NULL, "before each answer" },
        { "jitter-ms", "N", NUMBER, AT(jitter_ms), NULL, "0 to N more, random" },
        { "key", "K", TEXT, AT(key), NULL, "the only good one; default: any" },
        { "auth", "HOW", CHOICE, AT(auth), AUTHS, "the header it must come in" },
        { "project", "P", TEXT, AT(project), NULL, "what openai-project says" },
        { "gzip", NULL, FLAG, AT(gzip), NULL, "where the client accepts it" },
        { "framing", "HOW", CHOICE, AT(framing), FRAMINGS, "auto: chunked from 1400 bytes" },
        { "chunk", "SIZE", SIZE, AT(chunk_bytes), NULL, "of a chunk" },
        { "date", "EPOCH", NUMBER, AT(date), NULL, "what Date says; 0: the real time" },
        { "log-max", "N", NUMBER, AT(log_max), NULL, "requests that are remembered" },
#undef AT
};

#define N_ROWS (sizeof(ROWS) / sizeof(ROWS[0]))

static const struct options DEFAULTS = {
        .shape = { .seed = 1, .record_bytes = 600, .prompts_max = 2, .prompt_bytes = 200 },
        .plan = { .records = 100, .start = 1758039177, .spread = 30, .ties = 8 },
        .limit_max = 100,
        .project = "proj_standin",
        .chunk_bytes = 32768,
        .log_max = 100000,
};

static void help(void)
{
        printf("Usage: standin [options]\nA stand-in for the API, on loopback.\n\n");
        for (size_t i = 0; i < N_ROWS; i++) {
                const struct option_row *row = &ROWS[i];
                const char *at = (const char *)&DEFAULTS + row->at;
                char left[64];

                (void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? "=" : "",
                               row->value ? row->value : "");
                printf("  %-26s %s", left, row->help);
                if (row->type == NUMBER || row->type == SIZE)
                        printf(" (%llu)", *(const unsigned long long *)at);
                for (size_t c = 0; row->choices && row->choices[c]; c++)
                        printf("%s%s", c == 0 ? ": *" : " ", row->choices[c]);
                printf("\n");
        }
        printf("\nSizes take K, M, G (1024). * is the default. Records are numbered from 0, the "
               "oldest.\nControl: paths below /_control/; see control.h.\n");
        exit(0);
}

static uint64_t number(const char *name, const char *text, bool suffix, char end_at,
                       const char **ret_end)
{
        static const char suffixes[] = "KMG";
        const char *found;
        char *end;
        unsigned long long v = strtoull(text, &end, 10);

        if (text[0] < '0' || text[0] > '9')
                errx(2, "--%s=%s: not a number", name, text);
        if (suffix && *end && (found = strchr(suffixes, *end))) {
                v <<= 10 * (found - suffixes + 1);
                end++;
        }
        if (*end != end_at)
                errx(2, "--%s=%s: not understood from '%s' on", name, text, end);
        *ret_end = end;

        return v;
}

static void add_big(const char *name, const char *text, struct shape_bigs *bigs)
{
        const char *end;
        struct shape_big big = { .bytes = number(name, text, true, '@', &end) };

        big.index = number(name, end + 1, false, '\0', &end);
        if (bigs->n == SHAPE_BIGS_MAX)
                errx(2, "--%s: more than %d", name, SHAPE_BIGS_MAX);
        bigs->list[bigs->n++] = big;
}

static void set(const struct option_row *row, const char *text, struct options *o)
{
        void *at = (char *)o + row->at;
        const char *end;
        uint64_t v = 0;

        switch (row->type) {
        case FLAG:
                *(bool *)at = true;
                return;
        case TEXT:
                *(const char **)at = text;
                return;
        case BIG:
                add_big(row->name, text, at);
                return;
        case CHOICE:
                while (row->choices[v] && strcmp(row->choices[v], text) != 0)
                        v++;
                if (!row->choices[v])
                        errx(2, "--%s=%s: no such choice; see --help", row->name, text);
                break;
        case NUMBER:
        case SIZE:
                v = number(row->name, text, row->type == SIZE, '\0', &end);
                break;
        }
        *(uint64_t *)at = v;
}

void options_parse(int argc, char **argv, struct options *ret)
{
        struct option longs[N_ROWS + 2] = { 0 };
        int found;

        for (size_t i = 0; i < N_ROWS; i++)
                longs[i] = (struct option){ ROWS[i].name,
                                            ROWS[i].value ? required_argument : no_argument, NULL,
                                            (int)i + 1 };
        longs[N_ROWS] = (struct option){ "help", no_argument, NULL, (int)N_ROWS + 1 };

        *ret = DEFAULTS;
        while ((found = getopt_long(argc, argv, "", longs, NULL)) != -1) {
                if (found == (int)N_ROWS + 1)
                        help();
                if (found < 1 || found > (int)N_ROWS)
                        exit(2);
                set(&ROWS[found - 1], optarg, ret);
        }
        if (optind < argc)
                errx(2, "%s: no such argument", argv[optind]);
        if (ret->plan.spread == 0 || ret->plan.ties == 0 || ret->chunk_bytes == 0)
                errx(2, "--spread, --ties and --chunk are at least 1");
        if (ret->plan.records > UINT32_MAX / 2 || ret->port > UINT16_MAX)
                errx(2, "--records or --port is too large");
}
