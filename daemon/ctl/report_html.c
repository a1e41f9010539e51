#include "ctl/report_html.h"
#include "base/text.h"
#include "ctl/show.h"

#include <stdio.h>
#include <string.h>

void html_text(struct buf *out, const char *p, size_t n)
{
        _cleanup_buf_ struct buf shown = BUF_INIT;

        show_text(&shown, p, n);
        for (size_t i = 0; i < shown.n; i++) {
                switch (shown.p[i]) {
                case '&':
                        buf_puts(out, "&amp;");
                        break;
                case '<':
                        buf_puts(out, "&lt;");
                        break;
                case '>':
                        buf_puts(out, "&gt;");
                        break;
                case '"':
                        buf_puts(out, "&quot;");
                        break;
                case '\'':
                        buf_puts(out, "&#39;");
                        break;
                default:
                        buf_putc(out, shown.p[i]);
                }
        }
}

void html_name(struct buf *out, const char *p, size_t n)
{
        buf_puts(out, "<bdi>");
        html_text(out, p, n);
        buf_puts(out, "</bdi>");
}

const char *html_compact(uint64_t n, char out[static HTML_NUMBER_MAX])
{
        static const char units[] = " kMGTPE";
        double v = (double)n;
        int u = 0;

        if (n < 1000) {
                snprintf(out, HTML_NUMBER_MAX, "%llu", (unsigned long long)n);
                return out;
        }
        while (v >= 999.95 && u < 6) { /* what would show as 1000k is 1M */
                v /= 1000;
                u++;
        }
        snprintf(out, HTML_NUMBER_MAX, "%.4g%c", v < 100 ? (double)(int)(v * 100 + .5) / 100 : v,
                 units[u]);
        return out;
}

const char *html_span(usec_t t, char out[static HTML_SPAN_MAX])
{
        char text[TEXT_SPAN_MAX];

        if (t >= USEC_PER_DAY)
                t -= t % USEC_PER_HOUR;
        else if (t >= USEC_PER_HOUR)
                t -= t % USEC_PER_MIN;
        else if (t >= USEC_PER_SEC)
                t -= t % USEC_PER_SEC;
        else
                t -= t % USEC_PER_MSEC;
        snprintf(out, HTML_SPAN_MAX, "%s", text_from_span(t, text));
        return out;
}

void html_time(struct buf *out, usec_t t)
{
        char text[CLOCK_TEXT_MAX];

        if (t == 0) {
                buf_puts(out, "–");
                return;
        }
        clock_rfc3339(t, text);
        buf_printf(out, "<time datetime=\"%.19sZ\">%.10s %.5s UTC</time>", text, text, text + 11);
}

void html_count(struct buf *out, uint64_t n)
{
        char text[TEXT_COUNT_MAX];

        buf_puts(out, text_from_count(n, text));
}
