#include "ctl/report_chart.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/report_html.h"

#include <string.h>

#define GRID_LINES 4
#define LABELS     6 /* below the bars; a phone shows every other one */

/* ---- scales ---- */

/* None of the three overflows: least is at most a quarter of UINT64_MAX. */
static uint64_t decimal_step(uint64_t least, uint64_t unit)
{
        static const unsigned factors[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500 };

        for (;; unit *= 1000)
                for (size_t i = 0; i < ELEMENTS(factors); i++)
                        if (unit * factors[i] >= least)
                                return unit * factors[i];
}

static uint64_t size_step(uint64_t least)
{
        for (uint64_t unit = 1;; unit *= 1024)
                for (uint64_t factor = 1; factor < 1024; factor *= 2)
                        if (unit * factor >= least)
                                return unit * factor;
}

static uint64_t span_step(uint64_t least)
{
        static const unsigned minutes[] = { 1,   2,   5,   10,  15,   30,   60,
                                            120, 180, 360, 720, 1440, 2880, 7200 };

        if (least <= 30 * USEC_PER_SEC)
                return decimal_step(least, least > USEC_PER_SEC ? USEC_PER_SEC : 1);
        for (size_t i = 0; i < ELEMENTS(minutes); i++)
                if (minutes[i] * (uint64_t)USEC_PER_MIN >= least)
                        return minutes[i] * (uint64_t)USEC_PER_MIN;
        return decimal_step(least, USEC_PER_DAY);
}

uint64_t chart_step(enum chart_scale scale, uint64_t max)
{
        uint64_t least = max / GRID_LINES + (max % GRID_LINES != 0);

        if (least == 0)
                least = 1;
        switch (scale) {
        case CHART_SIZE:
                return size_step(least);
        case CHART_SPAN:
                return span_step(least);
        default:
                return decimal_step(least, 1);
        }
}

const char *chart_value(enum chart_scale scale, uint64_t n, char out[static CHART_TEXT_MAX])
{
        switch (scale) {
        case CHART_SIZE:
                return text_from_size(n, out);
        case CHART_SPAN:
                return html_span((usec_t)n, out);
        default:
                return text_from_count(n, out);
        }
}

/* ---- the picture ---- */

struct frame {
        const struct chart *c;
        struct buf *out;
        uint64_t step, top;
        double shift; /* of a bar to the next, in parts of a hundred */
};

static uint64_t add(uint64_t a, uint64_t b)
{
        return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

static uint64_t sum_of(const struct chart *c, size_t i)
{
        uint64_t sum = 0;

        for (size_t s = 0; s < c->n_series; s++)
                sum = add(sum, c->values[i][s]);
        return sum;
}

static void put_axis(const struct frame *f)
{
        char text[CHART_TEXT_MAX];

        buf_puts(f->out, "<div class=\"y\" aria-hidden=\"true\">");
        for (uint64_t v = 0;; v += f->step) {
                const char *t = f->c->scale == CHART_COUNT ? html_compact(v, text)
                                                           : chart_value(f->c->scale, v, text);

                buf_printf(f->out, "<span style=\"bottom:%.2f%%\">%s</span>",
                           (double)v * 100 / (double)f->top,
                           v || f->c->scale == CHART_COUNT ? t : "0");
                if (f->top - v < f->step)
                        break;
        }
        buf_puts(f->out, "</div>");
}

static void put_grid(const struct frame *f)
{
        for (uint64_t v = 0;; v += f->step) {
                double y = 100 - (double)v * 100 / (double)f->top;

                buf_printf(f->out,
                           "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%.2f%%\" "
                           "y2=\"%.2f%%\"/>",
                           v ? "grid" : "base", y, y);
                if (f->top - v < f->step)
                        break;
        }
}

static void put_title(const struct frame *f, size_t i)
{
        const struct chart *c = f->c;
        char text[CHART_TEXT_MAX];

        buf_printf(f->out, "<title>%s: %s", c->describe(c->ctx, i, text),
                   chart_value(c->scale, sum_of(c, i), (char[CHART_TEXT_MAX]){ 0 }));
        for (size_t s = 0; s < c->n_series && c->n_series > 1; s++) {
                if (!c->values[i][s])
                        continue;
                buf_puts(f->out, "\n");
                html_text(f->out, c->series[s].name, c->series[s].name_n);
                buf_printf(f->out, ": %s", chart_value(c->scale, c->values[i][s], text));
        }
        if (c->marks && c->marks[i])
                buf_printf(f->out, "\n%s: %llu", c->marks_name, (unsigned long long)c->marks[i]);
        buf_puts(f->out, "</title>");
}

static void put_bar(const struct frame *f, size_t i)
{
        const struct chart *c = f->c;
        double width = c->steps ? f->shift * 1.02 : f->shift * (c->n > 40 ? .84 : .72);
        double x = f->shift * (double)i + (c->steps ? 0 : (f->shift - width) / 2), y = 100;

        if (sum_of(c, i) == 0 && !(c->marks && c->marks[i]))
                return;
        buf_puts(f->out, "<g>");
        put_title(f, i);
        /* So that the title shows wherever one points at in the column. */
        buf_printf(f->out, "<rect class=\"hit\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\"/>",
                   f->shift * (double)i, f->shift);
        for (size_t s = 0; s < c->n_series; s++) {
                double height = (double)c->values[i][s] * 100 / (double)f->top;

                if (!c->values[i][s])
                        continue;
                y -= height;
                buf_printf(f->out,
                           "<rect class=\"%s\" x=\"%.2f%%\" y=\"%.2f%%\" width=\"%.2f%%\" "
                           "height=\"%.2f%%\"/>",
                           c->series[s].colour, x, y, width, height < .3 ? .3 : height);
        }
        buf_puts(f->out, "</g>");
}

static void put_strip(const struct frame *f)
{
        const struct chart *c = f->c;

        buf_printf(f->out, "<svg class=\"strip\" role=\"img\" aria-label=\"%s\">", c->marks_name);
        for (size_t i = 0; i < c->n; i++)
                if (c->marks[i])
                        buf_printf(f->out,
                                   "<rect class=\"bad\" x=\"%.2f%%\" width=\"%.2f%%\" "
                                   "height=\"100%%\"><title>%s: %llu</title></rect>",
                                   f->shift * (double)i, f->shift < .8 ? .8 : f->shift,
                                   c->marks_name, (unsigned long long)c->marks[i]);
        buf_puts(f->out, "</svg>");
}

static void put_labels(const struct frame *f)
{
        const struct chart *c = f->c;
        size_t every = (c->n + LABELS - 1) / LABELS;
        char text[CHART_TEXT_MAX];

        buf_puts(f->out, "<div class=\"x\" aria-hidden=\"true\">");
        for (size_t i = 0, k = 0; i < c->n; i += every, k++)
                buf_printf(f->out, "<span%s style=\"left:%.2f%%\">%s</span>",
                           k % 2 ? " class=\"odd\"" : "",
                           c->steps ? f->shift * (double)i : f->shift * ((double)i + .5),
                           c->label(c->ctx, i, text));
        buf_puts(f->out, "</div>");
}

static void put_legend(const struct chart *c, struct buf *out)
{
        char text[CHART_TEXT_MAX];

        if (c->steps && !c->marks)
                return;
        buf_puts(out, "<ul class=\"legend\">");
        for (size_t s = 0; s < c->n_series && !c->steps; s++) {
                buf_printf(out,
                           "<li><svg class=\"key\" aria-hidden=\"true\"><rect class=\"%s\" "
                           "width=\"100%%\" height=\"100%%\"/></svg>",
                           c->series[s].colour);
                html_name(out, c->series[s].name, c->series[s].name_n);
                buf_printf(out, " <b>%s</b></li>", chart_value(c->scale, c->series[s].all, text));
        }
        if (c->marks)
                buf_printf(out,
                           "<li><svg class=\"key\" aria-hidden=\"true\"><rect class=\"bad\" "
                           "width=\"100%%\" height=\"100%%\"/></svg>%s</li>",
                           c->marks_name);
        buf_puts(out, "</ul>");
}

/* The same in numbers, for who cannot see the picture or wants them. */
static void put_table(const struct chart *c, struct buf *out)
{
        char text[CHART_TEXT_MAX];

        buf_printf(out,
                   "<details><summary>The numbers</summary><div class=\"wide\"><table><thead><tr>"
                   "<th scope=\"col\">%s</th>",
                   c->unit);
        for (size_t s = 0; s < c->n_series; s++) {
                buf_puts(out, "<th scope=\"col\" class=\"n\">");
                html_name(out, c->series[s].name, c->series[s].name_n);
                buf_puts(out, "</th>");
        }
        buf_puts(out, "</tr></thead><tbody>");
        for (size_t i = 0; i < c->n; i++) {
                if (sum_of(c, i) == 0)
                        continue;
                buf_printf(out, "<tr><th scope=\"row\">%s</th>", c->describe(c->ctx, i, text));
                for (size_t s = 0; s < c->n_series; s++)
                        buf_printf(out, "<td class=\"n\">%s</td>",
                                   chart_value(c->scale, c->values[i][s], text));
                buf_puts(out, "</tr>");
        }
        buf_puts(out, "</tbody></table></div></details>");
}

void chart_put(const struct chart *c, struct buf *out)
{
        struct frame f = { .c = c, .out = out, .shift = c->n ? 100.0 / (double)c->n : 100 };
        uint64_t max = 0;
        char text[CHART_TEXT_MAX];

        for (size_t i = 0; i < c->n; i++)
                max = sum_of(c, i) > max ? sum_of(c, i) : max;
        f.step = chart_step(c->scale, max);
        f.top = max ? add(max / f.step * f.step, max % f.step ? f.step : 0) : f.step;
        buf_printf(out, "<figure><figcaption><h3>%s</h3>", c->title);
        if (c->note)
                buf_printf(out, "<p>%s</p>", c->note);
        buf_puts(out, "</figcaption>");
        if (max == 0 && !c->marks) {
                buf_puts(out, "<p class=\"none\">There was none.</p></figure>");
                return;
        }
        put_legend(c, out);
        buf_printf(out, "<div class=\"plot%s\">", c->small ? " small" : "");
        put_axis(&f);
        buf_printf(out, "<svg class=\"bars%s\" role=\"img\" aria-label=\"%s, at most %s a %s\">",
                   c->steps ? " steps" : "", c->title, chart_value(c->scale, max, text), c->unit);
        put_grid(&f);
        for (size_t i = 0; i < c->n; i++)
                put_bar(&f, i);
        buf_puts(out, "</svg>");
        if (c->marks)
                put_strip(&f);
        put_labels(&f);
        buf_puts(out, "</div>");
        if (!c->steps)
                put_table(c, out);
        buf_puts(out, "</figure>\n");
}
