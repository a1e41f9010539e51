#include "annals.h"

#include "ctl/library.h"

struct look {
        struct annals *a;
        struct library *l;
        struct record *record;
        size_t i; /* the item in hand */
        int k;    /* and which of its lines comes next */
        size_t rows;
        int64_t last;
        bool newest_first;
        struct err err;
};

static bool text_is(const struct json *got, const struct buf *want)
{
        return CHECK(got->n == want->n && memcmp(got->p, want->p, want->n) == 0);
}

static int on_message(void *ctx, const struct json *message)
{
        struct look *k = ctx;
        struct buf want = BUF_INIT;

        annals_message(k->i, k->a->now[k->i].prompt, k->k++, &want);
        text_is(message, &want);
        buf_done(&want);
        return 0;
}

static int on_change(void *ctx, const struct json *change)
{
        struct look *k = ctx;
        const struct annals_event *event = &k->a->now[k->i].events[k->k++];
        struct buf want = BUF_INIT;
        struct json type;

        if (event->type == 'c') {
                annals_changed(k->i, event->serial, &want);
                text_is(change, &want);
        } else {
                CHECK(json_member(change, "type", &type) &&
                      json_equals(&type, event->type == 'g' ? "gone" : "returned"));
        }
        buf_done(&want);
        return 0;
}

static int stop(void *ctx, const struct json *line)
{
        (void)ctx;
        (void)line;
        return 2000;
}

static void check_versions(struct look *k, const struct library_row *row,
                           const struct annals_item *t)
{
        struct library_origin o;
        struct json text;

        for (int v = 0; v <= t->n; v++) {
                struct buf want = BUF_INIT;

                annals_completion(k->i, t->serials[v ? v - 1 : t->n - 1], &want);
                if (!CHECK(library_version(k->l, row, (uint64_t)v, k->record, &k->err) == 0 &&
                           record_text(k->record, &text, &k->err) == 0))
                        printf("# %s\n", k->err.text);
                else
                        text_is(&text, &want);
                CHECK(library_origin(k->l, row, (uint64_t)v, &o, &k->err) == 0 &&
                      strncmp(o.segment, "completions/archived=2026-11-22/", 32) == 0 &&
                      o.archived > KEPT_START && strcmp(o.request_id, "req_1") == 0);
                buf_done(&want);
        }
        CHECK(library_version(k->l, row, (uint64_t)t->n + 1, k->record, &k->err) == LIBRARY_NONE);
}

static void check_item(struct look *k, const struct library_row *row)
{
        const struct annals_item *t = &k->a->now[k->i];

        CHECK(row->r.versions == (uint64_t)t->n && row->r.messages == t->messages &&
              row->r.gone == t->gone);
        check_versions(k, row, t);
        k->k = 0;
        CHECK(library_messages(k->l, row, k->record, on_message, k, &k->err) ==
              (t->prompt ? 0 : LIBRARY_NONE));
        CHECK(k->k == (t->prompt ? annals_messages(t->prompt) : 0));
        if (t->prompt)
                CHECK(library_messages(k->l, row, k->record, stop, k, &k->err) == 2000);
        k->k = 0;
        CHECK(library_changes(k->l, row, k->record, on_change, k, &k->err) == 0);
        CHECK(k->k == t->n_events);
        if (t->n_events)
                CHECK(library_changes(k->l, row, k->record, stop, k, &k->err) == 2000);
}

static int on_row(void *ctx, const struct library_row *row)
{
        struct look *k = ctx;

        CHECK(k->rows == 0 ||
              (k->newest_first ? row->r.created <= k->last : row->r.created >= k->last));
        k->last = row->r.created;
        k->rows++;
        return 0;
}

static void check_list(struct look *k, const struct filter *f)
{
        size_t want = 0;

        for (size_t i = 0; i < ANNALS_IDS; i++) {
                const struct annals_item *t = &k->a->now[i];

                want += t->n && (!f->gone || t->gone) && (!f->changed || t->n > 1) &&
                        t->serials[t->n - 1] % 50 >= f->since &&
                        t->serials[t->n - 1] % 50 <= f->until;
        }
        k->rows = 0;
        CHECK(library_each(k->l, f, k->newest_first, on_row, k, &k->err) == 0);
        CHECK(k->rows == want);
}

static void check_lists(struct look *k)
{
        for (int i = 0; i < 16; i++) {
                struct filter f = FILTER_ALL;

                f.gone = i & 1;
                f.changed = i & 2;
                if (i & 4) {
                        f.since = tap_below(50);
                        f.until = f.since + tap_below(20);
                }
                k->newest_first = i & 8;
                check_list(k, &f);
        }
}

/* All that the library says of the archive, by the test's own account. */
static void check_all(struct annals *a)
{
        const struct verb v = { .directory = a->k.dir, .out = stdout, .err = stdout };
        struct damage d = { .out = stdout };
        struct look k = { .a = a, .record = record_new() };
        struct library_row row;
        char id[64];

        if (!CHECK(library_open(&v, &d, &k.l, &k.err) == 0)) {
                printf("# %s\n", k.err.text);
                return;
        }
        for (k.i = 0; k.i < ANNALS_IDS; k.i++) {
                int r;

                annals_id(k.i, id);
                r = library_find(k.l, id, strlen(id), &row, &k.err);
                if (CHECK(r == (a->now[k.i].n ? 0 : LIBRARY_NONE)) && r == 0) {
                        CHECK(strcmp(row.id, id) == 0);
                        check_item(&k, &row);
                }
        }
        check_lists(&k);
        CHECK(d.places == 0);
        library_close(k.l);
        record_free(k.record);
}

static void told(enum packing packing)
{
        struct annals *a = annals_new(packing, 80);

        check_all(a); /* beside the writer */
        annals_do(a);
        annals_forget(a);
        archive_undo(a->k.archive);
        kept_close(&a->k);
        check_all(a);
        kept_unlink(&a->k, CATALOG_FILE);
        check_all(a);
        annals_free(a);
}

static void test_plain(void)
{
        told(PACKING_NONE);
}

static void test_gzip(void)
{
        told(PACKING_GZIP);
}

static void test_zstd(void)
{
        told(PACKING_ZSTD);
}

/* A second that holds more than a batch, and one row of another: each comes once. */
static int count(void *ctx, const struct library_row *row)
{
        struct look *k = ctx;

        CHECK(k->rows == 0 || (k->newest_first ? row->r.row < k->last : row->r.row > k->last));
        k->last = row->r.row;
        return ++k->rows == k->i ? 7 : 0;
}

static void test_ties(void)
{
        const struct filter f = FILTER_ALL;
        struct damage d = { .out = stdout };
        struct look k = { .i = SIZE_MAX };
        uint8_t digest[SHA256_SIZE] = { 0 };
        struct kept kept;
        struct verb v = { 0 };
        int64_t row;

        kept_new(&kept, PACKING_NONE);
        v.directory = kept.dir;
        kept_line(&kept, STREAM_COMPLETIONS, "{\"id\":\"x\"}");
        for (int i = 0; i < 1500; i++) {
                char id[32];

                snprintf(id, sizeof(id), "chatcmpl-%d", i);
                CHECK(catalog_add(archive_catalog(kept.archive), id, strlen(id),
                                  i < 10     ? 1
                                  : i < 1400 ? 2
                                             : 3,
                                  digest, &row, &k.err) == 0);
        }
        kept_commit(&kept);
        CHECK(library_open(&v, &d, &k.l, &k.err) == 0);
        for (int newest_first = 0; newest_first < 2; newest_first++) {
                k.rows = 0;
                k.newest_first = newest_first;
                CHECK(library_each(k.l, &f, newest_first, count, &k, &k.err) == 0 &&
                      k.rows == 1500);
        }
        k.i = 300;
        k.rows = 0;
        CHECK(library_each(k.l, &f, true, count, &k, &k.err) == 7 && k.rows == 300);
        library_close(k.l);
        kept_drop(&kept);
}

/* No archive; a ledger that was lost. */
static void test_none(void)
{
        struct verb v = { .directory = "/nonexistent" };
        struct damage d = { .out = stdout };
        struct library *l = NULL;
        struct kept k;
        struct err e;

        CHECK(library_open(&v, &d, &l, &e) == LIBRARY_NONE && !l);
        kept_small(&k, PACKING_ZSTD);
        v.directory = k.dir;
        kept_unlink(&k, LEDGER_FILE);
        CHECK(library_open(&v, &d, &l, &e) == -1 && e.kind == ERR_DAMAGE && !l);
        CHECK(library_close(NULL) == NULL);
        kept_drop(&k);
}

/* A damaged frame: what else there is comes, and the damage is told once. */
static void test_damaged(void)
{
        struct damage d = { .out = fopen("/dev/null", "w") };
        struct record *record = record_new();
        struct verb v = { 0 };
        struct library_row row;
        struct library *l;
        struct json text;
        struct kept k;
        struct err e;

        kept_small(&k, PACKING_NONE);
        v.directory = k.dir;
        kept_spoil(&k, KEPT_FOLDER("completions") "00000001.jsonl", "\"chatcmpl-1\"");
        CHECK(library_open(&v, &d, &l, &e) == 0);
        for (int i = 0; i < 3; i++) {
                CHECK(library_find(l, "chatcmpl-1", 10, &row, &e) == 0 &&
                      library_version(l, &row, 0, record, &e) == LIBRARY_LOST);
                CHECK(library_find(l, "chatcmpl-4", 10, &row, &e) == 0 &&
                      library_version(l, &row, 0, record, &e) == 0 &&
                      record_text(record, &text, &e) == 0 &&
                      strncmp(text.p, "{\"id\":\"chatcmpl-4\"", 18) == 0);
        }
        CHECK(d.places == 1 && d.records == 3);
        library_close(l);

        kept_unlink(&k, CATALOG_FILE); /* without it as well */
        d.places = 0;
        CHECK(library_open(&v, &d, &l, &e) == 0 && d.places == 1);
        CHECK(library_find(l, "chatcmpl-1", 10, &row, &e) == LIBRARY_NONE);
        CHECK(library_find(l, "chatcmpl-4", 10, &row, &e) == 0 &&
              library_version(l, &row, 0, record, &e) == 0);
        library_close(l);
        record_free(record);
        fclose(d.out);
        kept_drop(&k);
}

int main(void)
{
        RUN(test_plain, "versions, prompts and changes are what was archived: plain");
        RUN(test_gzip, "versions, prompts and changes are what was archived: gzip");
        RUN(test_zstd, "versions, prompts and changes are what was archived: zstd");
        RUN(test_ties, "a second that holds more rows than a batch is listed once");
        RUN(test_none, "where there is no archive, or none any more, that is said");
        RUN(test_damaged, "what is whole is shown, and the damage told once");
        return tap_end();
}
