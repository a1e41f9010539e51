#include "walk/presence.h"

static void drop_attempt(void *ctx, bool doubtful)
{
        (void)ctx, (void)doubtful;
}

static int drop_begin(void *ctx, struct err *e)
{
        (void)ctx, (void)e;
        return 0;
}

static int drop_bytes(void *ctx, const char *p, size_t n, struct err *e)
{
        (void)ctx, (void)p, (void)n, (void)e;
        return 0;
}

static int drop_end(void *ctx, const struct page_record *record, struct err *e)
{
        (void)ctx, (void)record, (void)e;
        return 0;
}

struct api_call *presence_ask(struct api *api, const char *id, usec_t patience,
                              void (*done)(void *ctx, const struct api_reply *reply), void *ctx)
{
        const struct api_query query = { .kind = PAGE_ONE, .id = id, .patience = patience };
        const struct api_call_ops ops = {
                drop_attempt, done, { drop_begin, drop_bytes, drop_end, NULL }, ctx
        };

        return api_start(api, &query, &ops);
}
