#include "ctl/status.h"
#include "kept-attack.h"

#include <sys/wait.h>

static bool tells(const struct kept *k, usec_t max_age, bool json, int r, const char *text,
                  const char *err)
{
        struct said s;
        bool good;

        SAY(&s, k, status_archive(&v, max_age, json));
        good = s.r == r && strstr(s.out, text) && (err ? strstr(s.err, err) != NULL : !s.err_n);
        if (!good)
                printf("# wanted %d and '%s', came %d:\n# %s# %s\n", r, text, s.r, s.out, s.err);
        said_done(&s);
        return good;
}

#define TELLS(k, text) CHECK(tells((k), STATUS_NO_AGE, false, VERB_OK, (text), NULL))
#define JSON(k, text)  CHECK(tells((k), STATUS_NO_AGE, true, VERB_OK, (text), NULL))

static void person(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        k.now += 3 * USEC_PER_HOUR + 12 * USEC_PER_MIN;
        TELLS(&k, ", since 2026-11-22 08:00:00 UTC\nServer:       https://api.example/v1\n");
        TELLS(&k, "Completions:  8 (8 versions), created 2023-11-14 22:13:21 UTC to "
                  "2023-11-14 22:13:28 UTC\n");
        TELLS(&k, "Messages:     of 0 completions; 8 are waiting, 0 missing\n");
        TELLS(&k, "Stored:       502B in 5 segments, 619B as text\n");
        TELLS(&k, "Full walk:    1, complete since 2026-11-22 08:01:04 UTC, 3h 12min ago\n");
        TELLS(&k, "Writer:       none\nHead:         11:");
        TELLS(&k, "Last walks:\n     1  full  complete  2026-11-22 08:00:00 UTC, 1min 4s: 2 pages, "
                  "8 seen, 8 new, 0 changed, 0 gone\n");
        kept_drop(&k);
}

static void machine(void)
{
        struct said s;
        struct json o, v1;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        k.now += USEC_PER_HOUR;
        JSON(&k,
             "\"since\":\"2026-11-22T08:00:00.000000Z\",\"base_url\":\"https://api.example/v1\","
             "\"project\":null,\"completions\":8,\"versions\":8,\"messages_waiting\":8,"
             "\"messages_missing\":0,\"counted_at\":11,");
        JSON(&k, "\"messages\":{\"segments\":1,\"frames\":1,\"records\":1,");
        JSON(&k, "\"last_complete_full\":{\"walk\":1,\"kind\":\"full\",\"state\":\"complete\","
                 "\"reason\":null,");
        JSON(&k, "\"age_seconds\":3600.000,\"too_old\":null,\"writing\":false,\"writer_pid\":null,"
                 "\"head\":{\"seq\":11,");
        CHECK(tells(&k, USEC_PER_HOUR, true, VERB_OK, "\"too_old\":false", NULL));
        SAY(&s, &k, status_archive(&v, STATUS_NO_AGE, true));
        CHECK(json_parse(s.out, s.out_n, &o) == 0 && json_member(&o, "damaged", &v1));
        CHECK(strchr(s.out, '\n') == s.out + s.out_n - 1);
        said_done(&s);
        kept_drop(&k);
}

static void age(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        k.now += USEC_PER_HOUR;
        CHECK(tells(&k, USEC_PER_HOUR, false, VERB_OK, "1h ago\n", NULL));
        CHECK(tells(&k, USEC_PER_HOUR - 1, false, VERB_NOT, "1h ago: too long\n",
                    "the last complete full walk is 1h old; "));
        kept_drop(&k);
        kept_new(&k, PACKING_ZSTD);
        CHECK(tells(&k, USEC_PER_DAY, false, VERB_NOT, "none was complete yet",
                    "no full walk was ever complete"));
        kept_drop(&k);
}

/* Only the last are shown; a full one is remembered for as long as it takes. */
static void walks(void)
{
        struct kept k;
        char members[512];

        kept_small(&k, PACKING_ZSTD);
        kept_open(&k);
        for (int i = 2; i <= 9; i++) {
                snprintf(members, sizeof(members),
                         "\"walk\":%d,\"kind\":\"%s\",\"state\":\"%s\",\"reason\":\"cursor\","
                         "\"detail\":\"\\u001b[2J\\ngone\",\"pages\":1,\"seen\":1234,\"gaps\":"
                         "[1700000000,1700000001],\"filter\":{\"model\":\"m\"},\"started\":"
                         "\"2026-11-22T08:00:00.000000Z\"",
                         i, i % 2 ? "full" : "new", i % 2 ? "failed" : "complete");
                k.now += USEC_PER_SEC;
                kept_ledger(&k, "walk", members);
        }
        kept_close(&k);
        TELLS(&k, "Full walk:    1, complete since");
        TELLS(&k,
              "Last walks:\n     9  full  failed    2026-11-22 08:00:00 UTC, 1min 12s: 1 pages, "
              "1,234 seen, 0 new, 0 changed, 0 gone; of {\"model\":\"m\"}\n"
              "        cursor: \\u001b[2J\\u000agone\n     8  new ");
        TELLS(&k, "\n     5  full");
        TELLS(&k, "walk 9 met 2 seconds that hold more records than a page; some may be lacking: "
                  "2023-11-14 22:13:20 UTC, 2023-11-14 22:13:21 UTC\n");
        JSON(&k, "\"walks\":[{\"walk\":9,\"kind\":\"full\",\"state\":\"failed\",\"reason\":"
                 "\"cursor\",\"detail\":\"\\u001b[2J\\ngone\",");
        JSON(&k, "\"filter\":{\"model\":\"m\"},\"gaps\":[1700000000,1700000001]}");
        {
                struct said s;

                SAY(&s, &k, status_archive(&v, STATUS_NO_AGE, false));
                CHECK(!strstr(s.out, "\n     4  new"));
                said_done(&s);
        }
        kept_drop(&k);
}

static void unfinished(void)
{
        static const char members[] = "\"walk\":2,\"kind\":\"new\",\"started\":"
                                      "\"2026-11-22T09:00:00.000000Z\"";
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_open(&k);
        kept_ledger(&k, "begin", members);
        TELLS(&k, "Last walks:\n     2  new   running   2026-11-22 09:00:00 UTC\n     1  full");
        kept_close(&k);
        TELLS(&k, "     2  new   cut off   2026-11-22 09:00:00 UTC\n");
        JSON(&k, "\"unfinished\":{\"walk\":2,\"kind\":\"new\",\"started\":\"2026-11-22T09:00:00");
        kept_open(&k);
        kept_ledger(&k, "walk", members);
        kept_close(&k);
        JSON(&k, "\"unfinished\":null");
        kept_drop(&k);
}

/* The count needs the ids; where there is no catalog, the frames have them. */
static void counting(void)
{
        struct kept k;
        char *catalog;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        catalog = kept_slurp(&k, CATALOG_FILE, &n);
        forget_catalog(&k);
        JSON(&k, "\"completions\":8,\"versions\":8,\"messages_waiting\":6,\"messages_missing\":0,"
                 "\"counted_at\":11,");
        kept_write(&k, CATALOG_FILE, "no catalog at all", 17);
        JSON(&k, "\"completions\":8,\"versions\":8,");
        kept_write(&k, CATALOG_FILE, catalog, n);
        kept_open(&k);
        k.next = 0;
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"chatcmpl-1\",\"created\":1700000001}");
        kept_line(&k, STREAM_COMPLETIONS, "{\"id\":\"chatcmpl-9\",\"created\":1700000001}");
        kept_commit(&k);
        kept_close(&k);
        kept_write(&k, CATALOG_FILE, catalog, n); /* from before */
        JSON(&k, "\"completions\":9,\"versions\":10,");
        JSON(&k, "\"counted_at\":12,");
        free(catalog);
        kept_drop(&k);
}

static void damaged(void)
{
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_spoil(&k, LEDGER_FILE, "req_1");
        CHECK(tells(&k, STATUS_NO_AGE, false, VERB_DAMAGED, "Damage:       yes",
                    "damaged: ledger.jsonl: offset "));
        CHECK(tells(&k, STATUS_NO_AGE, true, VERB_DAMAGED, ",\"damaged\":1}", "line 2: "));
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        kept_unlink(&k, SECOND);
        CHECK(tells(&k, STATUS_NO_AGE, false, VERB_DAMAGED, "Completions:  unknown (8 lines)\n",
                    SECOND ": offset 0: it is missing: 1 records"));
        CHECK(tells(&k, STATUS_NO_AGE, true, VERB_DAMAGED, "\"completions\":null,", "missing"));
        kept_drop(&k);
        CHECK(tells(&k, STATUS_NO_AGE, false, VERB_NOT, "", "there is no archive in"));
}

static void writer(void)
{
        char text[64];
        struct kept k, other;

        kept_new(&other, PACKING_ZSTD); /* its lock is another one */
        kept_small(&k, PACKING_ZSTD);
        JSON(&k, "\"writing\":false,\"writer_pid\":null,");
        kept_open(&k);
        snprintf(text, sizeof(text), "Writer:       process %d has it locked\n", (int)getpid());
        TELLS(&k, text);
        snprintf(text, sizeof(text), "\"writing\":true,\"writer_pid\":%d,", (int)getpid());
        JSON(&k, text);
        kept_close(&k);
        JSON(&k, "\"writing\":false,\"writer_pid\":null,");
        kept_drop(&k);
        kept_drop(&other);
}

int main(void)
{
        RUN(person, "a person is told what there is");
        RUN(machine, "a machine is told the same in one JSON line");
        RUN(age, "an old full walk, or none, is told by the exit code");
        RUN(walks, "the last walks are told, with their reasons and gaps");
        RUN(unfinished, "a walk without its end is running, or was cut off");
        RUN(counting, "completions are counted without a catalog, too");
        RUN(damaged, "damage is told, and what is known all the same");
        RUN(writer, "who is writing is told, without asking for the lock");
        return tap_end();
}
