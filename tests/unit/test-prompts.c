/* Prompts against a server within the test: what they put into the archive, and when. */
#include "calls.h"
#include "model.h"
#include "walk/prompts.h"

#define COMPLETIONS 20

static struct model *model;
static struct prompts_result result;
static unsigned ended;

/* A clock that goes on between any two looks at it, as a real one may. */
static usec_t ticking_wall(void *ctx)
{
        (void)ctx;
        return model->now++;
}

static const struct clock ticking = { .wall = ticking_wall, .boot = read_boot };

static void answer_nothing(struct served_request *r, void *ctx)
{
        (void)ctx;
        served_answer(r, 200, "Content-Type: application/json\r\n",
                      "{\"object\":\"list\",\"data\":[],\"has_more\":false}");
}

static void on_ended(void *ctx, const struct prompts_result *r)
{
        (void)ctx;
        result = *r;
        ended++;
}

static void completions_without_messages_share_a_commit(void)
{
        const struct prompts_config config = { .max_concurrent = 4, .wait = USEC_PER_SEC };
        const struct prompts_ops ops = { .done = on_ended };
        struct served *s = served_start(answer_nothing, NULL);
        struct prompts *p;
        uint64_t head;

        model = model_new(PACKING_ZSTD);
        CHECK(model_open(model) == 0);
        while (model->ids < COMPLETIONS)
                CHECK(model_append(model, STREAM_COMPLETIONS, 100) == 0);
        CHECK(model_commit(model, NULL, NULL) == 0);
        head = archive_head(model->a)->seq;

        api_open(s, RETRY_ONCE);
        p = prompts_start(api, client, model->a, &ticking, &config, &ops);
        CHECK(turn_until(&ended, 1));
        if (!CHECK(result.done == COMPLETIONS && !result.failed && !result.stopped))
                printf("# %llu done: %s\n", (unsigned long long)result.done, result.err.text);
        /* Two: the ticker may have had its second. */
        if (!CHECK(archive_head(model->a)->seq <= head + 2))
                printf("# %llu commits\n",
                       (unsigned long long)(archive_head(model->a)->seq - head));
        prompts_free(p);
        api_close();
        served_stop(s);
        model_free(model);
}

int main(void)
{
        RUN(completions_without_messages_share_a_commit,
            "completions without messages share a commit");
        return tap_end();
}
