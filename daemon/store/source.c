/* Where an archive's records come from: the server and the account's project, as the ledger's `open`
 * line and its `source` lines say. */
#include "store/archive_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the catalog keeps it by. */
#define BASE_URL "base_url"
#define PROJECT  "project"
#define WALK     "source_walk"

const char *archive_base_url(const struct archive *a)
{
        return a->source.base_url;
}

const char *archive_project(const struct archive *a)
{
        return a->source.project;
}

uint64_t archive_source_walk(const struct archive *a)
{
        return a->source.walk;
}

static void take(struct archive_source *s, const char *base_url, const char *project, uint64_t walk)
{
        size_t n;

        snprintf(s->base_url, sizeof(s->base_url), "%s", base_url ? base_url : "");
        for (n = strlen(s->base_url); n > 0 && s->base_url[n - 1] == '/'; n--)
                s->base_url[n - 1] = '\0';
        snprintf(s->project, sizeof(s->project), "%s", project ? project : "");
        s->walk = walk;
}

static int keep(struct archive *a, const struct archive_source *s, struct err *e)
{
        char walk[32];

        snprintf(walk, sizeof(walk), "%llu", (unsigned long long)s->walk);
        if (catalog_set_text(a->catalog, BASE_URL, s->base_url, e) < 0 ||
            catalog_set_text(a->catalog, PROJECT, s->project, e) < 0 ||
            catalog_set_text(a->catalog, WALK, walk, e) < 0)
                return -1;
        return 0;
}

int source_open(struct archive *a, struct err *e)
{
        take(&a->source, a->config.base_url, a->config.project, 0);
        return keep(a, &a->source, e);
}

int source_replay(struct archive *a, const struct ledger_line *line, struct err *e)
{
        _cleanup_buf_ struct buf base_url = BUF_INIT, project = BUF_INIT;
        struct archive_source s;
        uint64_t walk = 0;
        struct json v;

        if (json_member(&line->members, "base_url", &v))
                json_string(&v, &base_url);
        if (json_member(&line->members, "project", &v))
                json_string(&v, &project);
        ledger_uint(&line->members, "walk", &walk);
        take(&s, buf_str(&base_url), buf_str(&project), walk);
        return keep(a, &s, e);
}

int source_load(struct archive *a, struct err *e)
{
        char walk[32] = "";

        memset(&a->source, 0, sizeof(a->source));
        if (catalog_get_text(a->catalog, BASE_URL, a->source.base_url, sizeof(a->source.base_url),
                             e) < 0 ||
            catalog_get_text(a->catalog, PROJECT, a->source.project, sizeof(a->source.project), e) <
                    0 ||
            catalog_get_text(a->catalog, WALK, walk, sizeof(walk), e) < 0)
                return -1;
        a->source.walk = strtoull(walk, NULL, 10);
        return 0;
}

static int put_line(struct archive *a, const struct archive_source *s, usec_t now, struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_puts(&b, "\"base_url\":");
        buf_json_str(&b, s->base_url);
        buf_puts(&b, ",\"project\":");
        buf_json_str(&b, *s->project ? s->project : NULL);
        buf_printf(&b, ",\"walk\":%llu", (unsigned long long)s->walk);
        if (keep(a, s, e) < 0) {
                archive_undo(a);
                return -1;
        }
        return archive_line(a, now, "source", buf_str(&b), e);
}

int archive_set_source(struct archive *a, const char *base_url, const char *project, usec_t now,
                       struct err *e)
{
        struct archive_source s;
        struct catalog_walk last;
        int r;

        take(&s, base_url, project, a->source.walk);
        if (strcmp(s.base_url, a->source.base_url) != 0) {
                r = catalog_last_walk(a->catalog, 0, false, false, &last, e);
                if (r < 0)
                        return -1;
                s.walk = r == 0 ? last.number + 1 : 1;
        } else if (!*s.project) {
                memcpy(s.project, a->source.project, sizeof(s.project));
        }
        if (strcmp(s.base_url, a->source.base_url) == 0 &&
            strcmp(s.project, a->source.project) == 0)
                return 0;
        if (put_line(a, &s, now, e) < 0)
                return -1;
        a->source = s;
        return 0;
}
