#include "ctl/showing.h"
#include "base/text.h"
#include "ctl/conversation.h"
#include "ctl/library.h"
#include "ctl/pager.h"
#include "ctl/pick.h"
#include "ctl/show.h"
#include "ctl/when.h"

#include <string.h>

#define SHOWING_NOBODY 1 /* reads it any more */
#define BLOCK_BYTES    65536

struct showing {
        struct verb *v;
        const struct args *a;
        struct library *library;
        struct damage *damage;
        struct library_row row;
        struct record *record, *scratch; /* the completion; lines of other streams */
        struct json completion;
        uint64_t n; /* lines shown of the stream in hand */
        struct err *e;
};

/* A line as it is archived; on a terminal what that would obey is shown. */
static void put_raw(const struct showing *s, const struct json *line)
{
        const struct verb *v = s->v;
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct show show = { .n = 0 };

        for (size_t at = 0; at < line->n && !ferror(v->out); at += BLOCK_BYTES) {
                size_t n = line->n - at < BLOCK_BYTES ? line->n - at : BLOCK_BYTES;

                buf_clear(&b);
                if (v->out_terminal)
                        show_add(&show, line->p + at, n, &b);
                fwrite(v->out_terminal ? buf_str(&b) : line->p + at, 1, v->out_terminal ? b.n : n,
                       v->out);
        }
        buf_clear(&b);
        show_end(&show, &b);
        fwrite(buf_str(&b), 1, b.n, v->out);
        fputc('\n', v->out);
}

static int on_message(void *ctx, const struct json *line)
{
        struct showing *s = ctx;

        s->n++;
        if (s->a->output == ARGS_JSON) {
                put_raw(s, line);
        } else if (s->a->output == ARGS_BARE) {
                conversation_texts(s->v, line);
        } else {
                fputc('\n', s->v->out);
                conversation_message(s->v, line);
        }
        return ferror(s->v->out) ? SHOWING_NOBODY : 0;
}

static int on_change(void *ctx, const struct json *line)
{
        struct showing *s = ctx;

        if (s->a->output == ARGS_JSON) {
                put_raw(s, line);
        } else {
                if (!s->n++)
                        fprintf(s->v->out, "\n%sHistory:%s\n", colour(s->v, COLOUR_BOLD),
                                colour(s->v, COLOUR_NONE));
                conversation_change(s->v, line);
        }
        return ferror(s->v->out) ? SHOWING_NOBODY : 0;
}

/* "Archived: 2026-11-23 06:04:24 UTC, walk 1, request req_abc" */
static int put_origin(const struct showing *s)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct library_origin o;
        char time[CLOCK_TEXT_MAX];
        int r = library_origin(s->library, &s->row, s->a->version, &o, s->e);

        if (r != 0)
                return r < 0 ? r : 0;
        buf_puts(&b, when_text(o.archived, time));
        if (o.walk)
                buf_printf(&b, ", walk %llu", (unsigned long long)o.walk);
        if (*o.request_id)
                buf_printf(&b, ", request %s", o.request_id);
        conversation_field(s->v, "Archived", buf_str(&b));
        return 0;
}

static int put_head(const struct showing *s, bool lost)
{
        const struct catalog_record *r = &s->row.r;
        uint64_t version = s->a->version ? s->a->version : r->versions;
        char text[64];

        if (lost)
                conversation_field(s->v, "Completion", s->row.id);
        else
                conversation_head(s->v, &s->completion);
        if (put_origin(s) < 0)
                return -1;
        snprintf(text, sizeof(text), "%llu of %llu", (unsigned long long)version,
                 (unsigned long long)r->versions);
        if (r->versions > 1)
                conversation_field(s->v, "Version", text);
        if (r->gone)
                conversation_field(s->v, "State", "gone: the server does not have it any more");
        if (lost)
                conversation_field(s->v, "Damaged", "what was archived of it cannot be read");
        return 0;
}

/* Why there is no prompt. */
static void put_why(const struct showing *s, bool lost)
{
        const char *why = "The prompt is not archived yet.";

        if (s->a->output != ARGS_SHORT)
                return;
        if (lost || s->row.r.messages == CATALOG_ARCHIVED)
                why = "The prompt is damaged, and left out.";
        else if (s->row.r.messages == CATALOG_EMPTY)
                why = "There is no prompt: the server has no messages of this completion.";
        else if (s->row.r.messages == CATALOG_MISSING)
                why = "The prompt is missing: the server did not have it any more.";
        fprintf(s->v->out, "\n%s%s%s\n", colour(s->v, COLOUR_DIM), why, colour(s->v, COLOUR_NONE));
}

static int put_messages(struct showing *s)
{
        int r;

        s->n = 0;
        r = library_messages(s->library, &s->row, s->scratch, on_message, s, s->e);
        r = pick_lost(s->damage, STREAM_MESSAGES, &s->row, r, s->e);
        if (r < 0 || ferror(s->v->out))
                return r;
        if (!s->n)
                put_why(s, r == LIBRARY_LOST);
        return 0;
}

static void put_answer(const struct showing *s)
{
        if (s->a->output == ARGS_BARE) {
                conversation_answer_texts(s->v, &s->completion);
        } else if (s->a->output == ARGS_SHORT) {
                fputc('\n', s->v->out);
                conversation_answer(s->v, &s->completion);
        }
}

static int put_all(struct showing *s, bool lost)
{
        int r;

        if (s->a->output == ARGS_SHORT && put_head(s, lost) < 0)
                return -1;
        if (s->a->output == ARGS_JSON && !lost)
                put_raw(s, &s->completion);
        if (put_messages(s) < 0)
                return -1;
        if (!lost)
                put_answer(s);
        if (s->a->output == ARGS_BARE || ferror(s->v->out))
                return 0;
        s->n = 0;
        r = library_changes(s->library, &s->row, s->scratch, on_change, s, s->e);
        return pick_lost(s->damage, STREAM_CHANGES, &s->row, r, s->e) < 0 ? -1 : 0;
}

static int no_version(const struct showing *s)
{
        return err_set(s->e, ERR_HOST, "%s has %llu version%s, and no version %llu", s->row.id,
                       (unsigned long long)s->row.r.versions, s->row.r.versions == 1 ? "" : "s",
                       (unsigned long long)s->a->version);
}

static int show_it(struct showing *s)
{
        struct pager *pager;
        int r = library_find(s->library, s->a->id, strlen(s->a->id), &s->row, s->e);

        if (r == LIBRARY_NONE)
                return err_set(s->e, ERR_HOST, "there is no completion '%s'", s->a->id);
        if (r == 0)
                r = pick_read(s->library, s->damage, &s->row, s->a->version, s->record,
                              &s->completion, s->e);
        if (r == LIBRARY_NONE)
                return no_version(s);
        if (r < 0)
                return r;
        pager = s->a->no_pager ? NULL : pager_open(s->v);
        r = put_all(s, r == LIBRARY_LOST);
        pager_close(pager);
        return r;
}

int showing_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct err err;
        struct showing s = { .v = v, .a = a, .damage = &damage, .e = &err };
        int r = library_open(v, &damage, &s.library, &err);

        if (r == LIBRARY_NONE)
                return verb_none(v);
        if (r == 0) {
                s.record = record_new();
                s.scratch = record_new();
                r = show_it(&s);
                record_free(s.scratch);
                record_free(s.record);
        }
        library_close(s.library);
        return r < 0 ? verb_fail(v, &err) : verb_found(&damage);
}
