#include "run/progress.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 200 /* a longer line is hard to read */
#define BAR_MAX     40

struct progress {
        int fd; /* -1: draw nothing */
        bool utf8;
        bool shown; /* the line is on the terminal */
        bool known; /* state was given */
        usec_t start, drawn, now;
        struct progress_state state;
};

/* The process itself stays in the C locale: how numbers and bytes are read must not depend on who
 * started it. */
static bool speaks_utf8(void)
{
        locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
        bool yes = l && strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;

        if (l)
                freelocale(l);
        return yes;
}

struct progress *progress_new(int fd, usec_t now)
{
        const char *term = getenv("TERM");
        struct progress *p = mem_new(sizeof(*p));
        bool able = isatty(fd) == 1 && term && *term && strcmp(term, "dumb") != 0;

        p->fd = able ? fd : -1;
        p->utf8 = speaks_utf8();
        p->start = p->now = now;
        p->drawn = now - PROGRESS_EVERY;
        return p;
}

static void put(const struct progress *p, const struct buf *b)
{
        size_t done = 0;

        while (done < b->n) {
                ssize_t k = write(p->fd, b->p + done, b->n - done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return; /* a terminal that went away is no reason to stop a walk */
                done += (size_t)k;
        }
}

static size_t columns(const struct progress *p)
{
        struct winsize size;

        if (ioctl(p->fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return 80;
        return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

/* Columns that the text takes: here each character takes one. */
static size_t width(const struct buf *b)
{
        size_t n = 0;

        for (size_t i = 0; i < b->n; i++)
                n += (b->p[i] & 0xc0) != 0x80;
        return n;
}

static void add_walk(const struct progress *p, size_t room, struct buf *line)
{
        static const char *const turning[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧" };
        const struct progress_state *s = &p->state;
        const char *dot = p->utf8 ? "·" : "-";
        usec_t spent = p->now - p->start;
        char count[TEXT_COUNT_MAX], span[TEXT_SPAN_MAX];
        size_t step = (size_t)(spent / PROGRESS_EVERY);
        _cleanup_buf_ struct buf more = BUF_INIT;

        buf_printf(line, "walk %llu: page %s", (unsigned long long)s->walk,
                   text_from_count(s->page, count));
        buf_printf(line, " %s %s seen", dot, text_from_count(s->seen, count));
        buf_printf(line, " %s %s new ", dot, text_from_count(s->fresh, count));
        if (p->utf8)
                buf_puts(line, turning[step % ELEMENTS(turning)]);
        else
                buf_putc(line, "|/-\\"[step % 4]);

        if (spent < USEC_PER_SEC)
                return;
        buf_printf(&more, " %s, %s a second",
                   text_from_span(spent / USEC_PER_SEC * USEC_PER_SEC, span),
                   text_from_count(s->seen * 1000 / (uint64_t)(spent / USEC_PER_MSEC), count));
        if (width(line) + width(&more) <= room)
                buf_add(line, more.p, more.n);
}

static void add_prompts(const struct progress *p, size_t room, struct buf *line)
{
        const struct progress_state *s = &p->state;
        uint64_t total = s->prompts_total;
        uint64_t done = s->prompts_done < total ? s->prompts_done : total;
        char a[TEXT_COUNT_MAX], b[TEXT_COUNT_MAX];
        size_t cells, full;

        buf_printf(line, "walk %llu: prompts %s of %s", (unsigned long long)s->walk,
                   text_from_count(s->prompts_done, a), text_from_count(total, b));
        if (width(line) + 14 > room)
                return;
        cells = room - width(line) - 9; /* around it: blank, brackets, "100 %" */
        if (cells > BAR_MAX)
                cells = BAR_MAX;
        full = (size_t)((double)done / (double)total * (double)cells);
        buf_puts(line, " [");
        for (size_t i = 0; i < cells; i++)
                buf_puts(line, i < full ? "=" : i == full ? ">" : " ");
        buf_printf(line, "] %u %%", (unsigned)((double)done / (double)total * 100));
}

/* Cut to the terminal's width less one: some wrap as soon as the last column is written. */
static void cut(struct buf *line, size_t room)
{
        size_t n = 0, i = 0;

        for (; i < line->n; i++) {
                if ((line->p[i] & 0xc0) != 0x80 && n++ == room)
                        break;
        }
        line->n = i;
}

static void draw(struct progress *p)
{
        _cleanup_buf_ struct buf line = BUF_INIT, out = BUF_INIT;
        size_t room = columns(p) - 1;

        if (p->state.prompts_total > 0)
                add_prompts(p, room, &line);
        else
                add_walk(p, room, &line);
        cut(&line, room);
        buf_puts(&out, "\r");
        buf_add(&out, line.p, line.n);
        buf_puts(&out, "\x1b[K");
        put(p, &out);
        p->shown = true;
}

void progress_update(struct progress *p, const struct progress_state *state, usec_t now)
{
        if (!p || p->fd < 0)
                return;
        p->state = *state;
        p->known = true;
        p->now = now;
        if (now - p->drawn < PROGRESS_EVERY)
                return;
        p->drawn = now;
        draw(p);
}

void progress_hide(void *progress)
{
        struct progress *p = progress;
        _cleanup_buf_ struct buf out = BUF_INIT;

        if (!p || !p->shown)
                return;
        buf_puts(&out, "\r\x1b[K");
        put(p, &out);
        p->shown = false;
}

void progress_show(void *progress)
{
        struct progress *p = progress;

        if (p && p->fd >= 0 && p->known)
                draw(p);
}

struct progress *progress_free(struct progress *p)
{
        progress_hide(p);
        free(p);
        return NULL;
}
