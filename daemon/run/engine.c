#include "run/engine.h"
#include "run/loop.h"
#include "walk/index.h"
#include "wire/http.h"

/* A page that fails for so long ends its walk, so that one of the other kind has its turn: a record
 * of long ago that a server cannot list must not hide what is new. */
#define WALK_PATIENCE (30 * USEC_PER_MIN)

int engine_open_archive(struct engine *g, struct err *e)
{
        const struct config *c = g->config;
        const struct archive_config config = {
                .directory = c->directory,
                .packing = c->compression,
                .level = (int)c->compression_level,
                .frame_size = c->frame_size,
                .segment_size = c->segment_size,
                .min_free = c->min_free,
                .segment_age = c->segment_age,
                .base_url = c->base_url,
                .project = c->project,
        };

        return archive_open(&config, index_frame, &g->ops.archive, clock_wall(g->clock),
                            &g->archive, e);
}

int engine_open_api(struct engine *g, const char *key, struct err *e)
{
        const struct config *c = g->config;
        const struct http_config http = {
                .ca_file = c->ca_file,
                .proxy = c->proxy,
                .user_agent = PACKAGE_NAME "/" PACKAGE_VERSION,
                .allow_http = c->allow_http,
                .connections_max = c->max_concurrent + 2,
        };
        const struct api_config api = {
                .base_url = c->base_url,
                .key = key,
                .auth = c->auth_header,
                .organization = c->organization,
                .project = c->project,
                .extra_query = c->extra_query,
                .requests_per_minute = c->requests_per_minute,
                .max_concurrent = c->max_concurrent,
                .manner = g->manner,
        };

        if (http_new(loop_event(g->loop), &http, &g->http, e) < 0)
                return -1;
        g->api = api_new(g->http, g->clock, &api, &g->ops.api);
        return 0;
}

void engine_close_archive(struct engine *g)
{
        g->archive = archive_close(g->archive);
}

void engine_close_api(struct engine *g)
{
        g->api = api_free(g->api);
        g->http = http_free(g->http);
}

static void on_page(void *ctx, const struct catalog_walk *walk, const char *request_id)
{
        struct engine *g = ctx;

        if (g->prompts)
                prompts_poke(g->prompts);
        g->ops.page(g->ops.ctx, walk, request_id);
}

static void on_walk_done(void *ctx, const struct walk_result *result)
{
        struct engine *g = ctx;
        struct walk_result copy = *result;

        g->walk = walk_free(g->walk);
        if (g->prompts)
                prompts_close(g->prompts);
        g->ops.walk_done(g->ops.ctx, &copy);
}

static void on_prompts_progress(void *ctx, uint64_t done)
{
        struct engine *g = ctx;

        g->ops.prompts_progress(g->ops.ctx, done);
}

static void on_prompts_done(void *ctx, const struct prompts_result *result)
{
        struct engine *g = ctx;
        struct prompts_result copy = *result;

        g->prompts = prompts_free(g->prompts);
        g->ops.prompts_done(g->ops.ctx, &copy);
}

struct scope engine_scope(const struct engine *g)
{
        return (struct scope){ g->config->base_url, g->config->model,
                               (const char *const *)g->config->metadata };
}

int engine_walk(struct engine *g, bool full, struct err *e)
{
        const struct walk_config config = {
                .full = full,
                .overlap = g->config->overlap,
                .page_size = g->config->page_size,
                .scope = engine_scope(g),
                .patience = WALK_PATIENCE,
                .max_concurrent = g->config->max_concurrent,
        };
        const struct walk_ops ops = { on_page, on_walk_done, g };

        if (walk_start(g->api, g->http, g->archive, g->clock, &config, &ops, &g->walk, e) < 0)
                return -1;
        if (g->prompts)
                prompts_open(g->prompts);
        return 0;
}

void engine_prompts(struct engine *g, usec_t wait, struct patience *patience)
{
        const struct prompts_config config = {
                .max_concurrent = g->config->max_concurrent,
                .wait = wait,
                .patience = patience,
                .open = g->walk,
        };
        const struct prompts_ops ops = { on_prompts_progress, on_prompts_done, g };

        g->prompts = prompts_start(g->api, g->http, g->archive, g->clock, &config, &ops);
}

void engine_interrupt(struct engine *g)
{
        if (g->prompts)
                prompts_interrupt(g->prompts);
        if (g->walk)
                walk_interrupt(g->walk);
}

void engine_close(struct engine *g)
{
        g->prompts = prompts_free(g->prompts);
        g->walk = walk_free(g->walk);
        engine_close_api(g);
        engine_close_archive(g);
}
