#include "ctl/list.h"
#include "base/text.h"
#include "ctl/column.h"
#include "ctl/library.h"
#include "ctl/message.h"
#include "ctl/pager.h"
#include "ctl/pick.h"
#include "ctl/prose.h"
#include "ctl/show.h"
#include "ctl/when.h"

#include <string.h>

#define ID_WIDTH    38 /* of the service's; longer ones push the line, ids are never cut */
#define MODEL_WIDTH 23
#define TEXT_WIDTH  72 /* of an answer, where no terminal says how wide it is */
#define TEXT_LEAST  8  /* less than this is no help */
#define LINE_BYTES  1024
#define LIST_NOBODY 1            /* reads it any more */
#define SECOND_MAX  253402300799 /* the last one of the year 9999 */

struct list {
        struct verb *v;
        void (*put)(struct list *l, const struct library_row *row, const struct json *completion);
        uint64_t listed;
        size_t width; /* of the terminal */
};

/* What the first answer says, or does, in a line. */
static bool first_line(const struct json *completion, size_t max, struct buf *out)
{
        struct json choices = { .type = JSON_NULL }, choice, text, call, f;
        struct message m;
        size_t at = 0, k = 0;

        json_member(completion, "choices", &choices);
        if (!message_choice(&choices, &at, &choice, &text))
                return false;
        message_read(&text, &m);
        if (message_has(&m.content) && m.content.type == JSON_STRING && m.content.n > 2)
                return prose_line(&m.content, max, out);
        if (json_next(&m.tool_calls, &k, NULL, &call)) {
                buf_puts(out, "call ");
                if (json_member(&call, "function", &f) && json_member(&f, "name", &f))
                        prose_line(&f, max, out);
                return false;
        }
        return message_has(&m.refusal) && prose_line(&m.refusal, max, out);
}

static void put_header(struct list *l)
{
        fprintf(l->v->out, "%s%-*s %-19s %-*s %8s %-8s %-5s %s%s\n", colour(l->v, COLOUR_BOLD),
                ID_WIDTH, "ID", "CREATED (UTC)", MODEL_WIDTH, "MODEL", "VERSIONS", "PROMPT",
                "STATE", "ANSWER", colour(l->v, COLOUR_NONE));
}

static void add_column(struct buf *line, const struct buf *text, size_t width, bool cut, bool more)
{
        size_t wide = column_width(buf_str(text), text->n);

        column_put(line, buf_str(text), text->n, cut || wide < width ? width : wide, more, true);
        buf_putc(line, ' ');
}

static void add_created(struct buf *line, int64_t created)
{
        char text[CLOCK_TEXT_MAX];

        if (created < 0 || created > SECOND_MAX) /* a server may say any number */
                snprintf(text, sizeof(text), "%lld", (long long)created);
        else
                when_text(created * USEC_PER_SEC, text);
        buf_printf(line, "%-19.20s ", text);
}

static void put_row(struct list *l, const struct library_row *row, const struct json *completion)
{
        _cleanup_buf_ struct buf line = BUF_INIT, cell = BUF_INIT;
        size_t used, room = TEXT_WIDTH;
        struct json model;
        bool more = false;

        show_text(&cell, row->id, strlen(row->id));
        add_column(&line, &cell, ID_WIDTH, false, false);
        add_created(&line, row->r.created);

        buf_clear(&cell);
        if (completion && json_member(completion, "model", &model))
                more = prose_line(&model, MODEL_WIDTH * 4, &cell);
        add_column(&line, &cell, MODEL_WIDTH, true, more);
        buf_printf(&line, "%8llu %-8s %-5s ", (unsigned long long)row->r.versions, pick_prompt(row),
                   row->r.gone ? "gone" : "");

        used = column_width(buf_str(&line), line.n);
        if (l->width)
                room = l->width > used ? l->width - used : 0;
        buf_clear(&cell);
        more = completion && first_line(completion, LINE_BYTES, &cell);
        if (!completion)
                buf_puts(&cell, "(damaged)");
        if (room >= TEXT_LEAST || !completion)
                column_put(&line, buf_str(&cell), cell.n, room < TEXT_LEAST ? TEXT_LEAST : room,
                           more, false);
        while (line.n && line.p[line.n - 1] == ' ')
                line.p[--line.n] = '\0';
        fprintf(l->v->out, "%s%s%s\n", row->r.gone ? colour(l->v, COLOUR_DIM) : "", buf_str(&line),
                row->r.gone ? colour(l->v, COLOUR_NONE) : "");
}

static void put_json(struct list *l, const struct library_row *row, const struct json *completion)
{
        _cleanup_buf_ struct buf line = BUF_INIT, shown = BUF_INIT;
        const struct catalog_record *r = &row->r;
        struct json model;

        buf_puts(&line, "{\"id\":");
        buf_json_str(&line, row->id);
        buf_printf(&line, ",\"created\":%lld,\"model\":", (long long)r->created);
        if (completion && json_member(completion, "model", &model) && model.n <= LINE_BYTES)
                buf_add(&line, model.p, model.n);
        else
                buf_puts(&line, "null");
        buf_printf(&line,
                   ",\"versions\":%llu,\"changed\":%s,\"gone\":%s,\"messages\":\"%s\","
                   "\"last_seen\":%lld,\"walk\":%llu,\"damaged\":%s}\n",
                   (unsigned long long)r->versions, r->versions > 1 ? "true" : "false",
                   r->gone ? "true" : "false", pick_prompt(row), (long long)r->seen_at,
                   (unsigned long long)r->walk, completion ? "false" : "true");
        if (l->v->out_terminal) {
                struct show s = { .n = 0 };

                show_add(&s, buf_str(&line), line.n, &shown);
                show_end(&s, &shown);
                fwrite(buf_str(&shown), 1, shown.n, l->v->out);
        } else {
                fwrite(buf_str(&line), 1, line.n, l->v->out);
        }
}

static void put_bare(struct list *l, const struct library_row *row, const struct json *completion)
{
        _cleanup_buf_ struct buf line = BUF_INIT;

        (void)completion;
        if (l->v->out_terminal)
                show_text(&line, row->id, strlen(row->id));
        else
                buf_puts(&line, row->id);
        fprintf(l->v->out, "%s\n", buf_str(&line));
}

static int on_row(void *ctx, const struct library_row *row, const struct json *completion,
                  bool lost)
{
        struct list *l = ctx;

        (void)lost;
        if (!l->listed++ && l->put == put_row)
                put_header(l);
        l->put(l, row, completion);
        return ferror(l->v->out) ? LIST_NOBODY : 0;
}

static int list(struct list *l, const struct args *a, struct pick *p, struct err *e)
{
        static void (*const puts[])(struct list *, const struct library_row *,
                                    const struct json *) = {
                [ARGS_SHORT] = put_row, [ARGS_JSON] = put_json, [ARGS_BARE] = put_bare
        };
        struct pager *pager;
        int r;

        p->read = a->output != ARGS_BARE;
        l->put = puts[a->output];
        pager = a->no_pager ? NULL : pager_open(l->v);
        l->width = column_terminal(l->v);
        r = pick_each(p, e);
        if (r == 0 && l->put == put_row)
                fprintf(l->v->out, "%s%s completion%s listed.\n", l->listed ? "\n" : "",
                        text_from_count(l->listed, (char[TEXT_COUNT_MAX]){ 0 }),
                        l->listed == 1 ? "" : "s");
        pager_close(pager);
        return r;
}

int list_archive(struct verb *v, const struct args *a)
{
        struct damage damage = { .out = v->err };
        struct list l = { .v = v };
        struct pick p = { .damage = &damage,
                          .filter = &a->filter,
                          .newest_first = !a->reverse,
                          .fn = on_row,
                          .ctx = &l };
        struct err err;
        int r = library_open(v, &damage, &p.library, &err);

        if (r == LIBRARY_NONE)
                return verb_none(v);
        if (r == 0)
                r = list(&l, a, &p, &err);
        library_close(p.library);
        if (r < 0)
                return verb_fail(v, &err);
        r = verb_found(&damage);
        return r == VERB_OK && !l.listed ? VERB_NOT : r;
}
