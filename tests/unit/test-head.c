#include "ctl/head.h"
#include "kept-attack.h"

static bool tells(const struct kept *k, int r, const char *out, const char *err)
{
        struct args a = { .verb = ARGS_HEAD };
        struct said s;
        bool good;

        SAY(&s, k, head_archive(&v, &a));
        good = s.r == r && strcmp(s.out, out) == 0 && (err ? strstr(s.err, err) != NULL : !s.err_n);
        if (!good)
                printf("# %d: %s# %s\n", s.r, s.out, s.err);
        said_done(&s);
        return good;
}

/* The head behind a line, as its own text has it. */
static const char *head_of(const struct lines *l, size_t line, char out[static 128])
{
        snprintf(out, 128, "%zu:%.64s\n", line + 1,
                 l->line[line] + l->length[line] - sizeof("\"}\n") + 1 - 64);
        return out;
}

static void tells_head(void)
{
        char head[128];
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        lines_read(&k, &l);
        CHECK(tells(&k, VERB_OK, head_of(&l, 10, head), NULL));
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text)); /* within a group */
        forget_catalog(&k);
        CHECK(tells(&k, VERB_OK, head_of(&l, 7, head), NULL));
        l.line[4][20] ^= 1;
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[10] - l.text));
        CHECK(tells(&k, VERB_DAMAGED, head_of(&l, 9, head), "damaged: ledger.jsonl: offset "));
        kept_write(&k, LEDGER_FILE, "", 0);
        CHECK(tells(&k, VERB_NOT, "", "nothing is committed yet"));
        kept_unlink(&k, LEDGER_FILE);
        CHECK(tells(&k, VERB_DAMAGED, "", "lost its ledger"));
        free(l.text);
        kept_drop(&k);
        CHECK(tells(&k, VERB_NOT, "", "there is no archive"));
}

static bool holds(const struct kept *k, uint64_t seq, const char *hash, int r, const char *out)
{
        struct args a = { .head_seq = seq, .head_hash = hash, .quick = seq % 2, .jobs = 1 };
        struct said s;
        bool good;

        SAY(&s, k, verify_archive(&v, &a));
        good = s.r == r && strstr(s.out, out);
        if (!good)
                printf("# %d: %s# %s\n", s.r, s.out, s.err);
        said_done(&s);
        return good;
}

static void witness(void)
{
        char hash[11][65];
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        for (size_t i = 0; i < l.n; i++)
                snprintf(hash[i], 65, "%.64s", l.line[i] + l.length[i] - 67);
        for (size_t i = 0; i < l.n; i++) {
                CHECK(holds(&k, i + 1, hash[i], VERB_OK, "clean: "));
                CHECK(holds(&k, i + 1, hash[(i + 1) % l.n], VERB_DAMAGED,
                            "is not the one that was there once: the end was replaced"));
        }
        for (char *p = hash[5]; *p; p++)
                *p = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
        CHECK(holds(&k, 6, hash[5], VERB_OK, "clean: "));
        CHECK(holds(&k, 12, hash[10], VERB_DAMAGED,
                    "line 12 was there once, and now line 11 is the last: the end was cut off"));
        l.line[4][20] ^= 1; /* one that cannot be read any more is not there */
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[10] - l.text));
        CHECK(holds(&k, 5, hash[4], VERB_DAMAGED, "the end was replaced"));
        l.line[4][20] ^= 1;
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[10] - l.text));
        CHECK(holds(&k, 10, hash[9], VERB_OK, "clean: "));
        CHECK(holds(&k, 11, hash[10], VERB_DAMAGED, "the end was cut off: ? records\n"));
        free(l.text);
        forge(&k, 9, "req_1", "req_2"); /* a chain that proves itself as well */
        CHECK(holds(&k, 9, hash[8], VERB_OK, "head: 10:"));
        CHECK(holds(&k, 10, hash[9], VERB_DAMAGED, "the end was replaced"));
        kept_drop(&k);
}

int main(void)
{
        RUN(tells_head, "the head is that of the last line that is committed");
        RUN(witness, "a head that was written down is found again, or what took its place is told");
        return tap_end();
}
