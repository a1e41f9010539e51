#include "ctl/prose.h"
#include "base/text.h"
#include "ctl/pager.h"
#include "ctl/show.h"

#include <string.h>

#define PIECE_BYTES  65536
#define TAB_WIDTH    8
#define LINE_RAW_MAX 65536 /* a line for a table that does not begin before this is none */

/* The bytes of the escape at p, its partner among the surrogates with it. The string is valid JSON:
 * what is begun is whole. */
static size_t escape(const char *p, const char *end)
{
        bool high = end - p > 6 && p[1] == 'u' && (p[2] | 0x20) == 'd' && strchr("89abAB", p[3]);

        if (p[1] != 'u')
                return 2;
        return high && end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? 12 : 6;
}

/* How many bytes from p on, about PIECE_BYTES, can be decoded without those behind them. */
static size_t piece(const char *p, const char *end)
{
        const char *stop = end - p > PIECE_BYTES ? p + PIECE_BYTES : end, *at = p;

        while (at < stop) {
                const char *slash = memchr(at, '\\', (size_t)(stop - at));

                if (!slash)
                        return (size_t)(stop - p);
                at = slash + escape(slash, end);
        }
        return (size_t)(at - p);
}

void prose_each(const struct json *text, bool (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        const char *p = text->p + 1, *end = text->p + text->n - 1;

        if (text->type != JSON_STRING)
                return;
        while (p < end) {
                size_t n = piece(p, end);
                struct json part = { .type = JSON_STRING, .p = p - 1, .n = n + 2 };

                buf_clear(&b);
                json_string(&part, &b);
                if (!fn(ctx, buf_str(&b), b.n))
                        return;
                p += n;
        }
}

struct prose {
        const struct verb *v;
        struct show show;
        struct buf plain, shown;
        unsigned indent, column;
        bool in_line, cr; /* cr: a carriage return is held back, for a newline to come */
        size_t left;      /* bytes that may still come; SIZE_MAX: any number */
        bool cut;
};

static void add_byte(struct prose *t, char c)
{
        if (t->cr && c != '\n')
                buf_putc(&t->plain, '\r');
        t->cr = c == '\r';
        if (t->cr)
                return;
        if (c == '\t') {
                unsigned n = TAB_WIDTH - t->column % TAB_WIDTH;

                t->column += n;
                while (n--)
                        buf_putc(&t->plain, ' ');
                return;
        }
        t->column = c == '\n' ? 0 : t->column + (((unsigned char)c & 0xc0) != 0x80);
        buf_putc(&t->plain, c);
}

/* What is fit for a terminal, each line behind its indent. */
static void put_lines(struct prose *t)
{
        const char *p = buf_str(&t->shown), *end = p + t->shown.n;

        while (p < end) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));
                const char *stop = newline ? newline : end;

                if (!t->in_line && stop > p)
                        fprintf(t->v->out, "%*s", (int)t->indent, "");
                fwrite(p, 1, (size_t)(stop - p), t->v->out);
                if (newline)
                        fputc('\n', t->v->out);
                t->in_line = !newline;
                p = newline ? newline + 1 : end;
        }
        buf_clear(&t->shown);
}

static bool add(void *ctx, const char *p, size_t n)
{
        struct prose *t = ctx;

        if (n > t->left) {
                n = t->left;
                t->cut = true;
        }
        if (t->left != SIZE_MAX)
                t->left -= n;
        buf_clear(&t->plain);
        for (size_t i = 0; i < n; i++)
                add_byte(t, p[i]);
        show_add(&t->show, buf_str(&t->plain), t->plain.n, &t->shown);
        put_lines(t);
        return !t->cut && !ferror(t->v->out);
}

static void end(struct prose *t, const struct json *text)
{
        char size[TEXT_SIZE_MAX], limit[TEXT_SIZE_MAX];

        if (t->cut)
                t->show.n = 0; /* of a character that was cut */
        if (t->cr)
                show_add(&t->show, "\r", 1, &t->shown);
        show_end(&t->show, &t->shown);
        put_lines(t);
        if (t->in_line)
                fputc('\n', t->v->out);
        if (t->cut)
                fprintf(t->v->out, "%*s%s[cut after %s of %s; a pipe gets all of it]%s\n",
                        (int)t->indent, "", colour(t->v, COLOUR_DIM),
                        text_from_size(PROSE_TERMINAL_MAX, limit), text_from_size(text->n, size),
                        colour(t->v, COLOUR_NONE));
        buf_done(&t->plain);
        buf_done(&t->shown);
}

void prose_put(const struct verb *v, const struct json *text, unsigned indent)
{
        struct prose t = { .v = v,
                           .indent = indent,
                           .left = v->out_terminal ? PROSE_TERMINAL_MAX : SIZE_MAX };

        if (text->type == JSON_STRING)
                prose_each(text, add, &t);
        for (size_t at = 0; text->type != JSON_STRING && at < text->n; at += PIECE_BYTES)
                if (!add(&t, text->p + at, text->n - at < PIECE_BYTES ? text->n - at : PIECE_BYTES))
                        break;
        end(&t, text);
}

static bool add_bare(void *ctx, const char *p, size_t n)
{
        const struct verb *v = ctx;

        return fwrite(p, 1, n, v->out) == n;
}

void prose_bare(const struct verb *v, const struct json *text)
{
        struct verb to = *v;

        if (v->out_terminal)
                prose_put(v, text, 0);
        else
                prose_each(text, add_bare, &to);
}

struct line {
        struct buf *out;
        size_t max;
        size_t read;
        bool space, more;
};

static bool add_line(void *ctx, const char *p, size_t n)
{
        struct line *l = ctx;

        l->read += n;
        for (size_t i = 0; i < n; i++) {
                if (p[i] == '\n' || p[i] == '\r') {
                        if (!l->out->n)
                                continue;
                        l->more = true; /* as far as is known: a newline at the end is not much */
                        return false;
                }
                if (p[i] == ' ' || p[i] == '\t') {
                        l->space = l->out->n > 0;
                        continue;
                }
                /* Not within a character, of which no more than four bytes are one. */
                if (l->out->n >= l->max &&
                    (((unsigned char)p[i] & 0xc0) != 0x80 || l->out->n >= l->max + 4)) {
                        l->more = true;
                        return false;
                }
                if (l->space)
                        buf_putc(l->out, ' ');
                l->space = false;
                buf_putc(l->out, p[i]);
        }
        return l->read < LINE_RAW_MAX || l->out->n;
}

bool prose_line(const struct json *text, size_t max, struct buf *out)
{
        _cleanup_buf_ struct buf plain = BUF_INIT;
        struct line l = { .out = &plain, .max = max };

        prose_each(text, add_line, &l);
        show_text(out, buf_str(&plain), plain.n);
        return l.more;
}
