/* The sweep, where a server cannot bring it to that, or not soon: see tests/e2e/test-history.py for
 * all else. */
#include "calls.h"
#include "scratch.h"
#include "walk/index.h"
#include "walk/sweep.h"

#define IDS  60
#define WALK 2

static struct {
        char *dir;
        struct archive *archive;
        struct served *server;
        struct sweep *sweep;
        unsigned done;
        struct sweep_result result;
        struct script script;
        bool every_other; /* answer is of use */
        bool keep;        /* it is not freed at its end */
} bench;

static void answer(struct served_request *r, void *ctx)
{
        (void)ctx;
        if (bench.every_other && r->number % 2)
                served_answer(r, 404, "", "{}");
        else
                say_script(r, &bench.script);
}

static void on_done(void *ctx, const struct sweep_result *result)
{
        CHECK(ctx == &bench);
        bench.done++;
        bench.result = *result;
        if (!bench.keep)
                bench.sweep = sweep_free(bench.sweep);
}

static void put_completions(void)
{
        const uint8_t digest[SHA256_SIZE] = { 0 };
        const struct catalog_walk walk = { .number = WALK, .full = true };
        int64_t created = clock_wall(&test_clock) / USEC_PER_SEC, row;
        struct err err;
        char id[32];

        for (unsigned i = 0; i < IDS; i++) {
                snprintf(id, sizeof(id), "chatcmpl-%u", i);
                CHECK(catalog_add(archive_catalog(bench.archive), id, strlen(id), created - i,
                                  digest, &row, &err) == 0);
                CHECK(catalog_mark(archive_catalog(bench.archive), row, WALK - 1, CATALOG_DESC,
                                   created, &err) == 0);
        }
        archive_set_walk(bench.archive, &walk);
        CHECK(archive_commit(bench.archive, clock_wall(&test_clock), &err) == 0);
}

static void bench_open(struct script script)
{
        struct archive_config config = { .packing = PACKING_NONE,
                                         .frame_size = 1 << 20,
                                         .segment_size = 1 << 20,
                                         .segment_age = USEC_PER_DAY,
                                         .base_url = "https://api.example/v1" };
        struct err err;

        memset(&bench, 0, sizeof(bench));
        bench.dir = scratch_new();
        config.directory = bench.dir;
        bench.script = script;
        CHECK(archive_open(&config, index_frame, NULL, clock_wall(&test_clock), &bench.archive,
                           &err) == 0);
        bench.server = served_start(answer, NULL);
        api_open(bench.server, RETRY_ONCE);
        put_completions();
}

static void bench_start(unsigned max_concurrent)
{
        const struct sweep_config config = { .walk = WALK, .max_concurrent = max_concurrent };
        const struct sweep_ops ops = { on_done, &bench };
        const unsigned done = bench.done;

        bench.sweep = sweep_start(api, client, bench.archive, &test_clock, &config, &ops);
        CHECK(bench.done == done);
}

static void bench_close(void)
{
        sweep_free(bench.sweep);
        api_close();
        served_stop(bench.server);
        archive_close(bench.archive);
        scratch_drop(bench.dir);
}

static uint64_t gone(void)
{
        struct catalog_counts counts = { 0 };
        struct err err;

        CHECK(catalog_counts(archive_catalog(bench.archive), &counts, &err) == 0);
        return counts.gone;
}

#define MISSING SAYS(404, "", "{}")

static void all_of_them(void)
{
        bench_open((struct script)MISSING);
        bench_start(1000);
        CHECK(turn_until(&bench.done, 1));
        CHECK(bench.result.gone == IDS && !bench.result.ended && !bench.result.failed);
        CHECK(gone() == IDS && archive_walk(bench.archive)->gone == IDS);
        CHECK(archive_tally(bench.archive)->commits == 1); /* the walk's line is to commit it */
        bench_close();
}

/* What others undo may be what the walk has seen. */
static void undone_by_others(void)
{
        bench_open((struct script)MISSING);
        bench_start(1);
        CHECK(turn_until_asked(bench.server, 5));
        archive_undo(bench.archive);
        CHECK(turn_until(&bench.done, 1));
        CHECK(bench.result.ended && bench.result.err.kind == ERR_HOST);
        CHECK(gone() == 0 && archive_walk(bench.archive)->gone == 0);
        CHECK(bench.server->requests < IDS);
        bench_close();
}

static void useless_answers(void)
{
        static const struct script useless[] = { SAYS(400, "", "{}"), SAYS(403, "", "{}"),
                                                 SAYS(200, "", "[]") };

        for (size_t i = 0; i < ELEMENTS(useless); i++) {
                bench_open(useless[i]);
                bench_start(1);
                CHECK(turn_until(&bench.done, 1));
                CHECK(bench.result.ended && !bench.result.stop && gone() == 0);
                CHECK(bench.result.failed == SWEEP_FAILURES_MAX);
                CHECK(bench.server->requests == SWEEP_FAILURES_MAX);
                CHECK(strstr(bench.result.err.text, "chatcmpl-0:"));
                bench_close();
        }

        bench_open((struct script)SAYS(400, "", "{}"));
        bench.every_other = true;
        bench_start(1);
        CHECK(turn_until(&bench.done, 1));
        CHECK(!bench.result.ended && bench.result.failed == IDS / 2 && gone() == IDS / 2);
        bench_close();
}

static void refusals(void)
{
        static const struct {
                struct script script;
                const char *reason, *project;
                bool stop;
                usec_t announced;
        } cases[] = {
                { SAYS(401, "", "{}"), "refused", NULL, true, 0 },
                { SAYS(404, "openai-project: other\r\n", "{}"), "project", "mine", true, 0 },
                { SAYS(429, "retry-after: 600\r\n", "{}"), "limited", NULL, true,
                  600 * USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                bench_open(cases[i].script);
                api_set_project(api, cases[i].project);
                bench_start(1);
                CHECK(turn_until(&bench.done, 1));
                CHECK(bench.result.ended && bench.result.stop == cases[i].stop && gone() == 0);
                CHECK(bench.result.announced == cases[i].announced);
                CHECK(strcmp(bench.result.reason, cases[i].reason) == 0);
                CHECK(bench.server->requests == 1);
                bench_close();
        }
}

static void an_interruption(void)
{
        uint64_t already;

        bench_open((struct script)MISSING);
        bench_start(3);
        CHECK(turn_until_asked(bench.server, 9));
        sweep_interrupt(bench.sweep);
        CHECK(bench.done == 1 && bench.result.interrupted && bench.result.ended);
        CHECK(gone() == bench.result.gone && bench.result.gone < IDS);
        turn_idle();
        already = bench.result.gone;
        CHECK(bench.done == 1 && gone() == already);
        bench_start(1);
        bench.keep = true;
        sweep_interrupt(bench.sweep); /* before its begin */
        turn_idle();
        CHECK(bench.done == 2 && gone() == bench.result.gone + already);
        sweep_free(bench.sweep);
        bench_start(1);
        bench.sweep = sweep_free(bench.sweep);
        turn_idle();
        CHECK(bench.done == 2 && sweep_free(NULL) == NULL);
        bench_close();
}

/* A frame that has been open for long is not left to the end. */
static void commits(void)
{
        bench_open((struct script)MISSING);
        bench_start(1);
        CHECK(turn_until_asked(bench.server, 5));
        ahead += 11 * USEC_PER_SEC;
        CHECK(turn_until(&bench.done, 1));
        CHECK(bench.result.gone == IDS && archive_tally(bench.archive)->commits == 2);
        bench_close();
}

int main(void)
{
        RUN(all_of_them, "all that is missing gets its tombstone, more at once than are asked for");
        RUN(undone_by_others, "what others undo ends it, and nothing is gone");
        RUN(useless_answers, "answers of no use are passed over, but not without end");
        RUN(refusals, "a refusal, another project, an announced wait end it");
        RUN(an_interruption, "an interruption ends it from within, at any time");
        RUN(commits, "what it found is committed when it is due");
        return tap_end();
}
