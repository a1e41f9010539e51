/* Where an archive's records come from: told in the ledger, and the same when it is read back. */
#include "model.h"

static void set_walk(struct model *m, uint64_t number)
{
        const struct catalog_walk walk = { .number = number, .full = true };

        archive_set_walk(m->a, &walk);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(model_commit(m, NULL, NULL) == 0);
}

static bool is(struct model *m, const char *base_url, const char *project, uint64_t walk)
{
        bool ok = strcmp(archive_base_url(m->a), base_url) == 0 &&
                  strcmp(archive_project(m->a), project) == 0 && archive_source_walk(m->a) == walk;

        if (!ok)
                printf("# %s, %s, %llu\n", archive_base_url(m->a), archive_project(m->a),
                       (unsigned long long)archive_source_walk(m->a));
        return ok;
}

/* So it is, and after opening again, and with a catalog made anew. */
static void stays(struct model *m, const char *base_url, const char *project, uint64_t walk)
{
        CHECK(is(m, base_url, project, walk));
        model_close(m);
        CHECK(model_open(m) == 0 && is(m, base_url, project, walk));
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        CHECK(model_open(m) == 0 && is(m, base_url, project, walk));
}

static int set(struct model *m, const char *base_url, const char *project)
{
        return archive_set_source(m->a, base_url, project, m->now, &m->err);
}

/* How many lines that takes. */
static void sets(struct model *m, const char *base_url, const char *project, unsigned lines)
{
        uint64_t before = archive_head(m->a)->seq;

        CHECK(set(m, base_url, project) == 0 && archive_head(m->a)->seq == before + lines);
}

#define ONE "https://example.org/v1"
#define TWO "https://example.org/v2"

static void test_told(void)
{
        struct model *m = model_new(PACKING_NONE);
        size_t n;
        char *p;

        CHECK(model_open(m) == 0);
        stays(m, ONE, "", 0);
        sets(m, ONE, NULL, 0);
        sets(m, ONE "//", "", 0);
        set_walk(m, 1);
        sets(m, ONE, "proj \"1\"", 1);
        sets(m, ONE, "proj \"1\"", 0);
        sets(m, ONE "/", NULL, 0);
        stays(m, ONE, "proj \"1\"", 0);
        sets(m, TWO, NULL, 1);
        sets(m, TWO, "", 0);
        stays(m, TWO, "", 2);
        set_walk(m, 2);
        sets(m, TWO, "proj_2", 1);
        stays(m, TWO, "proj_2", 2);
        set_walk(m, 3);
        sets(m, ONE, "proj_2", 1);
        stays(m, ONE, "proj_2", 4);
        p = scratch_read(m->dir, LEDGER_FILE, &n);
        CHECK(strstr(p, "\"type\":\"source\",\"base_url\":\"" ONE
                        "\",\"project\":\"proj \\\"1\\\"\",\"walk\":0,\"group\":"));
        CHECK(strstr(p, "\"type\":\"source\",\"base_url\":\"" TWO
                        "\",\"project\":null,\"walk\":2,\"group\":"));
        free(p);
        CHECK(model_holds(m) && model_catalog_holds(m));
        model_free(m);
}

static void test_new_archive(void)
{
        struct model *m = model_new(PACKING_NONE);

        m->config.project = "proj_0";
        m->config.base_url = ONE "/";
        CHECK(model_open(m) == 0);
        stays(m, ONE, "proj_0", 0);
        m->config.project = "proj_1"; /* is for new archives */
        m->config.base_url = TWO;
        stays(m, ONE, "proj_0", 0);
        sets(m, TWO, "proj_1", 1);
        stays(m, TWO, "proj_1", 1);
        model_free(m);
}

/* What is open is committed with it; what was undone leaves no trace. */
static void test_commits(void)
{
        struct model *m = model_new(PACKING_NONE);

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_COMPLETIONS, 100) == 0);
        CHECK(set(m, TWO, "p") == 0);
        m->committed[STREAM_COMPLETIONS] = m->text[STREAM_COMPLETIONS].n;
        archive_undo(m->a);
        CHECK(model_holds(m) && model_catalog_holds(m));
        stays(m, TWO, "p", 1);
        model_free(m);
}

static void test_long(void)
{
        char base_url[2 * ARCHIVE_BASE_URL_MAX], project[2 * ARCHIVE_PROJECT_MAX];
        struct model *m = model_new(PACKING_NONE);
        uint64_t seq;

        memset(base_url, 'u', sizeof(base_url));
        memset(project, 'p', sizeof(project));
        base_url[sizeof(base_url) - 1] = project[sizeof(project) - 1] = '\0';
        m->config.base_url = base_url;
        m->config.project = project;
        CHECK(model_open(m) == 0);
        seq = archive_head(m->a)->seq;
        CHECK(strlen(archive_base_url(m->a)) == ARCHIVE_BASE_URL_MAX - 1);
        CHECK(strlen(archive_project(m->a)) == ARCHIVE_PROJECT_MAX - 1);
        for (int lost = 0; lost < 2; lost++) {
                CHECK(set(m, base_url, project) == 0 && archive_head(m->a)->seq == seq);
                model_close(m);
                if (lost == 0)
                        scratch_delete(m->dir, CATALOG_FILE);
                CHECK(model_open(m) == 0);
        }
        CHECK(set(m, base_url, project) == 0 && archive_head(m->a)->seq == seq);
        model_free(m);
}

int main(void)
{
        RUN(test_told, "a server or a project that becomes known or changes leaves a line each");
        RUN(test_new_archive, "a new archive knows them by its first line");
        RUN(test_commits, "what is open is committed with the line");
        RUN(test_long, "what does not fit is cut, and is no change each time");
        return tap_end();
}
