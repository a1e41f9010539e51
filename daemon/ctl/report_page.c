#include "base/text.h"
#include "ctl/report_core.h"
#include "ctl/report_html.h"

#include <string.h>

/* Nothing is fetched, nothing runs: neither by us nor by what a record smuggled in. The icon is
 * there so that no browser asks a server for one. */
static const char top[] =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>Archive report</title>\n<style>";

/* ---- the verdict ---- */

static void put_verdict(const struct sheet *r, struct buf *out)
{
        const struct damage *d = &r->damage;
        char count[TEXT_COUNT_MAX];

        if (r->error) {
                buf_puts(out, "<p class=\"verdict no\" role=\"status\"><b>✘ Damaged</b> <span>");
                html_name(out, r->error, strlen(r->error));
                buf_puts(out, "</span></p>");
        } else if (d->places) {
                buf_printf(out,
                           "<p class=\"verdict no\" role=\"status\"><b>✘ Damaged</b> <span>%s ",
                           text_from_count(d->places, count));
                buf_puts(out, d->places == 1 ? "place" : "places");
                buf_puts(out,
                         " of the archive are not what its ledger says. The figures leave them "
                         "out; <a href=\"#proof\">below</a> it is said where.</span></p>");
        } else if (d->unread) {
                buf_printf(out,
                           "<p class=\"verdict no\" role=\"status\"><b>Not all read</b> <span>"
                           "%s files could not be read here; see <a href=\"#proof\">below</a>."
                           "</span></p>",
                           text_from_count(d->unread, count));
        } else {
                buf_puts(out, "<p class=\"verdict\" role=\"status\"><b>✔ Clean</b> <span>The chain "
                              "of the ledger and every frame that was read for this page proved "
                              "themselves; <a href=\"#proof\">what that covers</a>.</span></p>");
        }
}

static void put_told(const struct sheet *r, struct buf *out)
{
        const char *p = buf_str(&r->told), *end = p + r->told.n;

        if (r->told.n == 0)
                return;
        buf_puts(out, "<ul class=\"told\">");
        while (p < end) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));

                buf_puts(out, "<li><code>");
                html_name(out, p, (size_t)((newline ? newline : end) - p));
                buf_puts(out, "</code></li>");
                p = newline ? newline + 1 : end;
        }
        if (r->n_told > SHEET_TOLD_MAX) {
                buf_puts(out, "<li>and ");
                html_count(out, r->n_told - SHEET_TOLD_MAX);
                buf_puts(out, " more; chatarchivectl verify names them all.</li>");
        }
        buf_puts(out, "</ul>");
}

void sheet_verified(const struct sheet *r, struct buf *out)
{
        char size[TEXT_SIZE_MAX];

        buf_puts(out, "<section><h2 id=\"proof\">What was proven</h2><div class=\"card\"><p>In "
                      "making this page, the ledger’s chain was checked from its first line to "
                      "line ");
        html_count(out, r->chain.good.seq);
        buf_puts(out, ". Of completions and changes, ");
        html_count(out, r->read_frames);
        buf_puts(out, " of ");
        html_count(out, r->account.streams[STREAM_COMPLETIONS].frames +
                                r->account.streams[STREAM_CHANGES].frames);
        buf_printf(
                out,
                " frames (%s) were read, and agreed with the digests in it. Of the prompts, only "
                "the files’ lengths were looked at: they reach to the end of ",
                text_from_size(r->read_stored, size));
        html_count(out, r->reached);
        buf_puts(out, " of ");
        html_count(out, r->account.streams[STREAM_MESSAGES].frames);
        buf_puts(out, " frames. <code>chatarchivectl verify</code> reads everything, seals "
                      "included.</p>");
        if (versions_full(r->versions))
                buf_puts(out, "<p>There are more changes than could be kept in mind: some versions "
                              "that were replaced are among the completions.</p>");
        if (r->completions->undated) {
                buf_puts(out, "<p>");
                html_count(out, r->completions->undated);
                buf_puts(out, " completions have no date from 2000 to 2100, and are in no chart by "
                              "day.</p>");
        }
        put_told(r, out);
        buf_printf(out,
                   "<p>The head of the ledger, which stands for all of it:<br><code>%llu:%s</code>"
                   "</p></div></section>\n",
                   (unsigned long long)r->chain.good.seq, r->chain.good.hash);
}

/* ---- figures ---- */

static void tile(struct buf *out, const char *name)
{
        buf_printf(out, "<div><dt>%s</dt><dd class=\"v\">", name);
}

static void below(struct buf *out)
{
        buf_puts(out, "</dd><dd>");
}

static void put_prompts(const struct sheet *r, struct buf *out)
{
        const struct catalog_counts *c = &r->count.counts;

        tile(out, "Prompts archived");
        if (r->counted)
                html_count(out, c->completions - c->wanted - c->missing);
        else
                buf_puts(out, "?");
        below(out);
        if (r->counted) {
                html_count(out, c->wanted);
                buf_puts(out, " waiting, ");
                html_count(out, c->missing);
                buf_puts(out, " missing");
        } else {
                buf_puts(out, "not known: the catalog cannot be had");
        }
        buf_puts(out, "</dd></div>");
}

static void put_completions(const struct sheet *r, struct buf *out)
{
        tile(out, "Completions");
        html_count(out, r->completions->all.completions);
        below(out);
        html_count(out, r->completions->n_models);
        buf_puts(out, r->completions->n_models == 1 ? " model" : " models");
        buf_puts(out, r->completions->n_models == TALLY_MODELS_MAX ? " or more</dd></div>"
                                                                   : "</dd></div>");
        tile(out, "Earlier versions");
        html_count(out, r->completions->versions);
        below(out);
        buf_puts(out, "replaced, and kept</dd></div>");
        put_prompts(r, out);
        tile(out, "Gone upstream");
        if (r->counted)
                html_count(out, r->count.counts.gone);
        else
                buf_puts(out, "?");
        below(out);
        buf_puts(out, "archived all the same</dd></div>");
}

static void put_sizes(const struct sheet *r, struct buf *out)
{
        uint64_t stored = 0, plain = 0, segments = 0, frames = 0;
        char text[TEXT_SIZE_MAX];

        for (int i = 0; i < STREAMS; i++) {
                stored += r->account.streams[i].stored;
                plain += r->account.streams[i].plain;
                segments += r->account.streams[i].segments;
                frames += r->account.streams[i].frames;
        }
        tile(out, "Stored");
        buf_puts(out, text_from_size(stored, text));
        below(out);
        buf_printf(out, "%s as text", text_from_size(plain, text));
        if (stored)
                buf_printf(out, ", %.1f&nbsp;:&nbsp;1", (double)plain / (double)stored);
        buf_puts(out, "</dd></div>");
        tile(out, "Segments");
        html_count(out, segments);
        below(out);
        html_count(out, frames);
        buf_puts(out, " frames</dd></div>");
}

static void put_age(const struct sheet *r, enum history_kind kind, const char *name,
                    struct buf *out)
{
        const struct history *h = &r->history;
        char span[HTML_SPAN_MAX];

        tile(out, name);
        if (!h->ever[kind]) {
                buf_puts(out, "never");
                below(out);
                buf_puts(out, "since the archive began</dd></div>");
                return;
        }
        buf_printf(out, "%s ago", html_span(h->to - h->last[kind], span));
        below(out);
        html_time(out, h->last[kind]);
        buf_puts(out, "</dd></div>");
}

static void put_figures(const struct sheet *r, struct buf *out)
{
        buf_puts(out, "<dl class=\"tiles\">");
        put_completions(r, out);
        put_sizes(r, out);
        put_age(r, HISTORY_ANY, "Last complete walk", out);
        put_age(r, HISTORY_FULL, "Last complete full walk", out);
        buf_puts(out, "</dl>");
}

/* ---- the page ---- */

static void put_header(const struct sheet *r, struct buf *out)
{
        const struct account *a = &r->account;

        buf_puts(out, "<header><h1>");
        if (a->base_url[0]) {
                buf_puts(out, "Archive of ");
                html_name(out, a->base_url, strlen(a->base_url));
        } else {
                buf_puts(out, "Archive");
        }
        buf_puts(out, "</h1><p>");
        if (a->project[0]) {
                buf_puts(out, "Project ");
                html_name(out, a->project, strlen(a->project));
                buf_puts(out, ". ");
        }
        if (a->since) {
                buf_puts(out, "Kept since ");
                html_time(out, a->since);
                buf_puts(out, ". ");
        }
        buf_puts(out, "This page was made ");
        html_time(out, r->now);
        buf_puts(out, ".</p>");
        put_verdict(r, out);
        if (!r->error)
                put_figures(r, out);
        buf_puts(out, "</header>\n");
}

void sheet_page(const struct sheet *r, struct buf *out)
{
        buf_puts(out, top);
        buf_puts(out, sheet_style);
        buf_puts(out, "</style>\n</head>\n<body>\n");
        put_header(r, out);
        buf_puts(out, "<main>\n");
        if (!r->error) {
                sheet_charts(r, out);
                sheet_tables(r, out);
                sheet_verified(r, out);
        }
        buf_puts(out, "</main>\n<footer><p>Made by chatarchivectl " PACKAGE_VERSION
                      " from the archive alone. Times are UTC.</p></footer>\n</body>\n</html>\n");
}
