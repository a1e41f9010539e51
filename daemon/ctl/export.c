#include "ctl/export.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/message.h"
#include "ctl/pick.h"
#include "ctl/show.h"
#include "ctl/tuning.h"

#include <string.h>

#define EXPORT_NOBODY 1 /* reads it any more */

struct export
{
        struct verb *v;
        struct library *library;
        struct damage *damage;
        struct record *line, *scratch; /* the prompt as it goes into a line; a message */
        struct show show;
        uint64_t messages; /* of the completion in hand */
        uint64_t left_out[CATALOG_MISSING + 1], no_answer, lines;
        int failed; /* -1: *e says why */
        struct err *e;
};

static int to_line(void *ctx, const char *p, size_t n)
{
        struct export *x = ctx;

        return record_add(x->line, p, n, x->e);
}

static int to_out(void *ctx, const char *p, size_t n)
{
        struct export *x = ctx;
        FILE *out = x->v->out;

        if (x->v->out_terminal) {
                _cleanup_buf_ struct buf b = BUF_INIT;

                while (n) {
                        size_t some = n < 65536 ? n : 65536;

                        buf_clear(&b);
                        show_add(&x->show, p, some, &b);
                        fwrite(buf_str(&b), 1, b.n, out);
                        p += some;
                        n -= some;
                }
        } else {
                fwrite(p, 1, n, out);
        }
        return ferror(out) ? EXPORT_NOBODY : 0;
}

/* A message of the prompt: of an array, the line's first part. */
static int on_message(void *ctx, const struct json *line)
{
        struct export *x = ctx;
        int r = to_line(x, x->messages++ ? "," : "[", 1);

        if (r == 0)
                r = tuning_message(line, to_line, x);
        x->failed = r;
        return r < 0 ? EXPORT_NOBODY : 0;
}

/* The array of them; LIBRARY_NONE, LIBRARY_LOST: as library_messages. */
static int read_prompt(struct export *x, const struct library_row *row, struct json *ret)
{
        int r;

        record_reset(x->line);
        x->messages = 0;
        r = library_messages(x->library, row, x->scratch, on_message, x, x->e);
        r = pick_lost(x->damage, STREAM_MESSAGES, row, r, x->e);
        if (x->failed)
                return x->failed;
        if (r == 0)
                r = to_line(x, "]", 1);
        return r == 0 ? record_text(x->line, ret, x->e) : r;
}

/* One line for each answer, each with the whole prompt. */
static int put_lines(struct export *x, const struct json *completion, const struct json *prompt)
{
        static const char head[] = "{\"messages\":";
        struct json choices = { .type = JSON_NULL }, choice, message;
        uint64_t before = x->lines;
        size_t at = 0;

        json_member(completion, "choices", &choices);
        while (message_choice(&choices, &at, &choice, &message)) {
                int r;

                if (message.type != JSON_OBJECT)
                        continue;
                r = to_out(x, head, strlen(head));
                if (r == 0)
                        r = to_out(x, prompt->p, prompt->n - 1);
                if (r == 0)
                        r = to_out(x, ",", 1);
                if (r == 0)
                        r = tuning_answer(completion, &message, to_out, x);
                if (r)
                        return r;
                x->lines++;
        }
        x->no_answer += x->lines == before;
        return x->lines == before ? PICK_NOT : 0;
}

static int on_row(void *ctx, const struct library_row *row, const struct json *completion,
                  bool lost)
{
        struct export *x = ctx;
        struct json prompt;
        int r;

        if (lost)
                return PICK_NOT;
        if (row->r.messages != CATALOG_ARCHIVED) {
                x->left_out[row->r.messages]++;
                return PICK_NOT;
        }
        r = read_prompt(x, row, &prompt);
        if (r < 0) {
                x->failed = r;
                return EXPORT_NOBODY;
        }
        if (r == LIBRARY_NONE)
                x->left_out[CATALOG_WANTED]++;
        return r ? PICK_NOT : put_lines(x, completion, &prompt);
}

/* That some have no prompt is normal, and no failure; but nobody should have to find out. */
static void tell_left_out(const struct export *x)
{
        static const char *const why[] = {
                [CATALOG_WANTED] = "whose prompt is not archived yet",
                [CATALOG_EMPTY] = "without a prompt",
                [CATALOG_MISSING] = "whose prompt is missing",
        };
        char count[TEXT_COUNT_MAX];

        for (size_t i = 0; i < ELEMENTS(why); i++)
                if (x->left_out[i])
                        fprintf(x->v->err, "chatarchivectl: left out: %s %s\n",
                                text_from_count(x->left_out[i], count), why[i]);
        if (x->no_answer)
                fprintf(x->v->err, "chatarchivectl: left out: %s without an answer\n",
                        text_from_count(x->no_answer, count));
}

static int export(struct export *x, const struct args *a)
{
        const struct pick p = { .library = x->library,
                                .damage = x->damage,
                                .filter = &a->filter,
                                .read = true,
                                .fn = on_row,
                                .ctx = x };
        int r;

        x->line = record_new();
        x->scratch = record_new();
        r = pick_each(&p, x->e);
        record_free(x->scratch);
        record_free(x->line);
        return x->failed ? -1 : r < 0 ? r : 0;
}

int export_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct err err;
        struct export x = { .v = v, .damage = &damage, .e = &err };
        int r = library_open(v, &damage, &x.library, &err);

        if (r == LIBRARY_NONE)
                return verb_none(v);
        if (r == 0)
                r = export(&x, a);
        library_close(x.library);
        if (r < 0)
                return verb_fail(v, &err);
        tell_left_out(&x);
        r = verb_found(&damage);
        return r == VERB_OK && !x.lines ? VERB_NOT : r;
}
