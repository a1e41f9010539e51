#include "base/mem.h"
#include "ctl/report_core.h"
#include "ctl/report_skim.h"
#include "ctl/scan.h"

#include <string.h>

/* More is no number of tokens that a request has; sums stay far from their end. */
#define TOKENS_MAX (INT64_C(1) << 40)

/* A stream's lines on their way into a tally. Ordinary frames are tallied by several threads, each
 * into a tally of its own; giants piece by piece into the whole. */
struct reader {
        struct sheet *report;
        enum stream stream;
        struct tally *into;
        struct skim *skim;
};

/* ---- completions ---- */

enum { CREATED, MODEL, PROMPT_TOKENS, COMPLETION_TOKENS, COMPLETION_WANTS };

static const struct skim_want completion_wants[COMPLETION_WANTS] = {
        [CREATED] = { NULL, "created" },
        [MODEL] = { NULL, "model" },
        [PROMPT_TOKENS] = { "usage", "prompt_tokens" },
        [COMPLETION_TOKENS] = { "usage", "completion_tokens" },
};

static uint64_t tokens(const struct json *v)
{
        int64_t n;

        return json_int64(v, &n) == 0 && n > 0 && n <= TOKENS_MAX ? (uint64_t)n : 0;
}

static void on_completion(void *ctx, const struct json *v, const uint8_t *digest)
{
        struct reader *r = ctx;
        _cleanup_buf_ struct buf model = BUF_INIT;
        int64_t created = 0;
        bool dated;

        if (digest && versions_take(r->report->versions, digest)) {
                r->into->versions++;
                return;
        }
        dated = json_int64(&v[CREATED], &created) == 0;
        json_string(&v[MODEL], &model);
        tally_add(r->into, buf_str(&model), model.n, dated, created, tokens(&v[PROMPT_TOKENS]),
                  tokens(&v[COMPLETION_TOKENS]));
}

/* ---- changes ---- */

enum { TYPE, OBSERVED, BEFORE, CHANGE_WANTS };

static const struct skim_want change_wants[CHANGE_WANTS] = {
        [TYPE] = { NULL, "type" },
        [OBSERVED] = { NULL, "observed_at" },
        [BEFORE] = { NULL, "sha256_before" },
};

static void on_change(void *ctx, const struct json *v, const uint8_t *digest)
{
        struct reader *r = ctx;
        char type[64], text[SHA256_HEX_SIZE];
        uint8_t before[SHA256_SIZE];
        usec_t t = 0;
        bool dated;

        (void)digest;
        if (!ledger_text_of(&v[TYPE], type, sizeof(type)))
                return;
        dated = ledger_text_of(&v[OBSERVED], text, sizeof(text)) && clock_parse(text, &t) == 0;
        tally_add(r->into, type, strlen(type), dated, t / USEC_PER_SEC, 0, 0);
        if (strcmp(type, "changed") == 0 && ledger_text_of(&v[BEFORE], text, sizeof(text)) &&
            sha256_unhex(text, strlen(text), before) == 0)
                versions_add(r->report->versions, before);
}

/* ---- reading ---- */

static struct skim *new_skim(struct reader *r)
{
        if (r->stream == STREAM_CHANGES)
                return skim_new(change_wants, CHANGE_WANTS, false, on_change, r);
        return skim_new(completion_wants, COMPLETION_WANTS,
                        versions_count(r->report->versions) != 0, on_completion, r);
}

/* In any thread: touches nothing of the report but the versions, which are made for that. */
static void *tally_frame(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct reader mine = *(const struct reader *)ctx;

        (void)frame;
        mine.into = tally_new();
        mine.skim = new_skim(&mine);
        skim_feed(mine.skim, p, n);
        skim_free(mine.skim);
        return mine.into;
}

static void proven(struct sheet *r, const struct frame_ref *frame)
{
        r->read_frames++;
        r->read_stored += frame->length;
        meter_add(&r->meter, frame->length);
}

static int merge_frame(void *ctx, const struct frame_ref *frame, void *result)
{
        struct reader *r = ctx;

        tally_merge(r->into, result);
        tally_free(result);
        proven(r->report, frame);
        return 0;
}

static int feed_giant(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct reader *r = ctx;

        if (p) {
                skim_feed(r->skim, p, n);
                return 0;
        }
        skim_reset(r->skim); /* of a broken one, the last line has no end */
        proven(r->report, frame);
        return 0;
}

static void drop(void *result)
{
        tally_free(result);
}

static int read_stream(struct sheet *report, enum stream stream, struct tally *into, unsigned jobs,
                       struct err *e)
{
        struct reader r = { .report = report, .stream = stream, .into = into };
        /* The order of changes does not matter to their sums, but they share the versions. */
        const bool alone = stream == STREAM_CHANGES;
        const struct scan scan = {
                .chain = &report->chain,
                .damage = &report->damage,
                .jobs = jobs,
                .streams = 1u << stream,
                .since = INT64_MIN,
                .text = feed_giant,
                .work = alone ? NULL : tally_frame,
                .made = alone ? NULL : merge_frame,
                .drop = drop,
                .ctx = &r,
        };
        int result;

        r.skim = new_skim(&r);
        result = scan_run(&scan, e);
        skim_free(r.skim);
        return result < 0 ? -1 : 0;
}

int sheet_read(struct sheet *r, unsigned jobs, struct err *e)
{
        if (read_stream(r, STREAM_CHANGES, r->changes, jobs, e) < 0)
                return -1;
        return read_stream(r, STREAM_COMPLETIONS, r->completions, jobs, e);
}
