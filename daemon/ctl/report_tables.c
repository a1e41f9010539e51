#include "base/text.h"
#include "ctl/report_core.h"
#include "ctl/report_html.h"

#include <string.h>

#define MODELS_SHOWN 20

static void cell(struct buf *out, uint64_t n)
{
        buf_puts(out, "<td class=\"n\">");
        html_count(out, n);
        buf_puts(out, "</td>");
}

static void begin(struct buf *out, const char *title, const char *caption)
{
        buf_printf(out, "<div class=\"card\"><h3>%s</h3><div class=\"wide\"><table>", title);
        if (caption)
                buf_printf(out, "<caption>%s</caption>", caption);
}

static void head(struct buf *out, const char *name, bool number)
{
        buf_printf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "", name);
}

static void end(struct buf *out)
{
        buf_puts(out, "</tbody></table></div></div>\n");
}

/* ---- how fresh it was ---- */

static void put_pauses(const struct history *h, struct buf *out)
{
        static const char *const names[] = { "of either kind", "full" };

        begin(out, "The longest times without a complete walk", NULL);
        buf_puts(out, "<thead><tr>");
        head(out, "Walk", false);
        head(out, "How long", true);
        head(out, "From", false);
        head(out, "To", false);
        buf_puts(out, "</tr></thead><tbody>");
        for (size_t k = 0; k < HISTORY_KINDS; k++)
                for (size_t i = 0; i < HISTORY_PAUSES; i++) {
                        const struct history_pause *p = &h->pauses[k][i];
                        char span[HTML_SPAN_MAX];

                        if (p->to <= p->from)
                                break;
                        buf_printf(out,
                                   "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>"
                                   "<td class=\"t\">",
                                   names[k], html_span(p->to - p->from, span));
                        html_time(out, p->from);
                        buf_puts(out, p->first ? " (the archive’s beginning)" : "");
                        buf_puts(out, "</td><td class=\"t\">");
                        html_time(out, p->to);
                        buf_puts(out, p->open ? " (it lasts)" : "");
                        buf_puts(out, "</td></tr>");
                }
        end(out);
}

void sheet_walked(const struct history *h, struct buf *out)
{
        uint64_t others = h->reasons[HISTORY_REASONS].walks;

        buf_puts(out, "<p>");
        html_count(out, h->n_walks);
        buf_puts(out, h->n_walks == 1 ? " walk, " : " walks, ");
        html_count(out, h->n_full);
        buf_puts(out, " of them full: ");
        html_count(out, h->n_complete);
        buf_puts(out, " complete, ");
        html_count(out, h->n_walks - h->n_complete);
        buf_puts(out, " failed");
        for (size_t i = 0; i < h->n_reasons; i++) {
                buf_puts(out, i ? ", " : " (");
                html_name(out, h->reasons[i].reason, strlen(h->reasons[i].reason));
                buf_puts(out, " ");
                html_count(out, h->reasons[i].walks);
        }
        if (others) {
                buf_puts(out, ", others ");
                html_count(out, others);
        }
        buf_puts(out, h->n_reasons ? ").</p>" : ".</p>");
        if (h->n_gaps) {
                buf_puts(out, "<p>In ");
                html_count(out, h->n_gaps);
                buf_puts(out,
                         " seconds more was created than fits a page; of these, records may be "
                         "lacking.</p>");
        }
}

static void put_walk(const struct history_walk *w, struct buf *out)
{
        char span[HTML_SPAN_MAX];

        buf_printf(out, "<tr><th scope=\"row\" class=\"n\">%llu</th><td class=\"t\">",
                   (unsigned long long)w->number);
        html_time(out, w->started);
        buf_printf(out, "</td><td>%s%s</td><td class=\"n\">%s</td>", w->full ? "full" : "new",
                   w->filtered ? ", filtered" : "",
                   w->started && w->ended > w->started ? html_span(w->ended - w->started, span)
                                                       : "–");
        cell(out, w->pages);
        cell(out, w->seen);
        cell(out, w->new);
        cell(out, w->changed);
        cell(out, w->gone);
        if (w->complete) {
                buf_puts(out, "<td class=\"state\">complete</td></tr>");
                return;
        }
        buf_puts(out, "<td><span class=\"state no\">failed</span> ");
        html_name(out, w->reason, strlen(w->reason));
        if (w->detail[0]) {
                buf_puts(out, ": ");
                html_name(out, w->detail, strlen(w->detail));
        }
        buf_puts(out, "</td></tr>");
}

static void put_walks(const struct history *h, struct buf *out)
{
        static const struct {
                const char *name;
                bool number;
        } heads[] = {
                { "Walk", true },  { "Began", false },  { "Kind", false }, { "Took", true },
                { "Pages", true }, { "Seen", true },    { "New", true },   { "Changed", true },
                { "Gone", true },  { "Result", false },
        };

        begin(out, "The last walks", NULL);
        buf_puts(out, "<thead><tr>");
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
                head(out, heads[i].name, heads[i].number);
        buf_puts(out, "</tr></thead><tbody>");
        for (size_t i = 0; i < HISTORY_WALKS && i < h->n_walks; i++)
                put_walk(&h->walks[i], out);
        end(out);
}

/* ---- storage ---- */

static void put_storage(const struct account *a, struct buf *out)
{
        static const char *const heads[] = { "Segments", "Frames", "Lines",
                                             "As text",  "Stored", "Ratio" };
        char text[TEXT_SIZE_MAX];

        begin(out, "Storage", NULL);
        buf_puts(out, "<thead><tr>");
        head(out, "Stream", false);
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
                head(out, heads[i], true);
        buf_puts(out, "</tr></thead><tbody>");
        for (int i = 0; i < STREAMS; i++) {
                const struct account_stream *s = &a->streams[i];

                buf_printf(out, "<tr><th scope=\"row\">%s</th>", stream_name((enum stream)i));
                cell(out, s->segments);
                cell(out, s->frames);
                cell(out, s->records);
                buf_printf(out, "<td class=\"n\">%s</td>", text_from_size(s->plain, text));
                buf_printf(out, "<td class=\"n\">%s</td>", text_from_size(s->stored, text));
                if (s->stored)
                        buf_printf(out, "<td class=\"n\">%.1f&nbsp;:&nbsp;1</td></tr>",
                                   (double)s->plain / (double)s->stored);
                else
                        buf_puts(out, "<td class=\"n\">–</td></tr>");
        }
        end(out);
}

static void put_models(const struct tally *t, struct buf *out)
{
        size_t order[TALLY_MODELS_MAX];

        tally_rank(t, order);
        begin(out, "Models", NULL);
        buf_puts(out, "<thead><tr>");
        head(out, "Model", false);
        head(out, "Completions", true);
        head(out, "Prompt tokens", true);
        head(out, "Answer tokens", true);
        buf_puts(out, "</tr></thead><tbody>");
        for (size_t i = 0; i < t->n_models && i < MODELS_SHOWN; i++) {
                const struct tally_model *m = &t->models[order[i]];

                buf_puts(out, "<tr><th scope=\"row\">");
                html_name(out, m->n ? m->name : "(no model)", m->n ? m->n : 10);
                buf_puts(out, "</th>");
                cell(out, m->sum.completions);
                cell(out, m->sum.prompt);
                cell(out, m->sum.answer);
                buf_puts(out, "</tr>");
        }
        end(out);
}

/* ---- all ---- */

void sheet_tables(const struct sheet *r, struct buf *out)
{
        put_pauses(&r->history, out);
        if (r->history.n_walks)
                put_walks(&r->history, out);
        buf_puts(out, "</section>\n<section><h2>What it takes</h2>");
        if (r->completions->n_models)
                put_models(r->completions, out);
        put_storage(&r->account, out);
        buf_puts(out, "</section>\n");
}
