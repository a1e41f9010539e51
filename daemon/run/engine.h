/* What `--once` and the daemon share: archive and API as the configuration has them, and the walk
 * or the prompts in hand. Says nothing by itself. */
#pragma once

#include "run/config.h"
#include "store/archive.h"
#include "walk/prompts.h"
#include "walk/walk.h"
#include "wire/api.h"

struct http;
struct loop;
struct patience;

struct engine_ops {
        void (*page)(void *ctx, const struct catalog_walk *walk, const char *request_id);
        void (*walk_done)(void *ctx, const struct walk_result *result);
        void (*prompts_progress)(void *ctx, uint64_t done);
        void (*prompts_done)(void *ctx, const struct prompts_result *result);
        struct api_watch api;
        struct archive_watch archive;
        void *ctx;
};

struct engine {
        /* The owner's, to be set before anything else, and to stay as long as it is in use. */
        const struct config *config;
        const struct clock *clock;
        struct loop *loop;
        struct engine_ops ops;
        enum retry_manner manner;

        struct http *http;
        struct api *api;
        struct archive *archive;
        struct walk *walk;
        struct prompts *prompts;
};

/* As archive_open(). */
int engine_open_archive(struct engine *g, struct err *e);
/* The key is copied. ERR_CONFIG, ERR_HOST. */
int engine_open_api(struct engine *g, const char *key, struct err *e);
/* Both close what is there; no walk and no prompts may be in hand. */
void engine_close_archive(struct engine *g);
void engine_close_api(struct engine *g);

/* ops.walk_done comes when it is over, g->walk is NULL by then; prompts in hand go through what it
 * has brought, too. ERR_HOST. */
int engine_walk(struct engine *g, bool full, struct err *e);
/* Beside the walk in hand, if there is one. wait, patience: as in struct prompts_config. */
void engine_prompts(struct engine *g, usec_t wait, struct patience *patience);
/* End what is in hand, the prompts first: each one's `done` is called from within. Harmless
 * without. */
void engine_interrupt(struct engine *g);
/* Everything is closed, what is in hand is dropped without a word. */
void engine_close(struct engine *g);

/* What walks of this configuration cover; points into it. */
struct scope engine_scope(const struct engine *g);
