#include "wire/redact.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Someone who reads "\u0073\u006b" reads the key as well. Escapes of escapes: so often. */
#define ROUNDS 3

static const char marker[] = "[redacted]";

/* A reading of the text: its characters, and where in the text each begins. */
struct reading {
        char *p;
        uint32_t *at; /* n + 1 of them */
        size_t n;
};

static int hex(const char *p, const char *end, int digits)
{
        int v = 0;

        if (end - p < digits)
                return -1;
        for (; digits > 0; digits--, p++) {
                if (!isxdigit((unsigned char)*p))
                        return -1;
                v = v * 16 + (*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
        }
        return v;
}

static size_t entity(const char *p, const char *end, int *ret)
{
        static const struct {
                const char *name;
                int c;
        } names[] = {
                { "&amp;", '&' },  { "&lt;", '<' },    { "&gt;", '>' },
                { "&quot;", '"' }, { "&apos;", '\'' },
        };
        const char *q = p + 2;
        int base, v = 0;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                size_t len = strlen(names[i].name);

                if ((size_t)(end - p) >= len && memcmp(p, names[i].name, len) == 0)
                        return *ret = names[i].c, len;
        }
        if (end - p < 4 || p[1] != '#')
                return 0;
        base = *q == 'x' || *q == 'X' ? 16 : 10;
        q += base == 16;
        for (; q < end && isxdigit((unsigned char)*q) && v < 0x110000; q++)
                v = v * base + (*q <= '9' ? *q - '0' : (*q | 0x20) - 'a' + 10);
        if (q == end || *q != ';')
                return 0;
        *ret = v;
        return (size_t)(q + 1 - p);
}

/* What an escape at p stands for; 0 if there is none, else its length. */
static size_t escape(const char *p, const char *end, int *ret)
{
        if (*p == '&')
                return entity(p, end, ret);
        if (*p == '%')
                return (*ret = hex(p + 1, end, 2)) < 0 ? 0 : 3;
        if (*p != '\\' || end - p < 2)
                return 0;
        if (p[1] == 'u')
                return (*ret = hex(p + 2, end, 4)) < 0 ? 0 : 6;
        if (p[1] == 'x')
                return (*ret = hex(p + 2, end, 2)) < 0 ? 0 : 4;
        *ret = (unsigned char)p[1];
        return strchr("\\/\"'", p[1]) ? 2 : 0;
}

/* Resolve one layer of escapes, in place. True if there were any. */
static bool reading_resolve(struct reading *r)
{
        size_t k = 0, n = r->n;

        for (size_t i = 0; i < n; k++) {
                int c = 0;
                size_t len = escape(r->p + i, r->p + n, &c);

                if (len == 0)
                        c = (unsigned char)r->p[i];
                r->p[k] = (char)(c < 256 ? c : '?');
                r->at[k] = r->at[i];
                i += len ? len : 1;
        }
        r->at[k] = r->at[n];
        r->n = k;
        return k < n;
}

static bool is_edge(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r') || (c && strchr("\"'`<>,;(){}[]", c));
}

/* Mark the bytes of the text that give something away. True if there are any. */
static bool reading_mark(const struct reading *r, const char *key, bool *marks)
{
        size_t length = key ? strlen(key) : 0, part = length < REDACT_PART ? length : REDACT_PART;
        bool any = false;

        for (size_t i = 0; i < r->n; i++) {
                size_t run = 0;

                if (r->n - i >= 3 && strncasecmp(r->p + i, "sk-", 3) == 0 &&
                    (i == 0 || !isalnum((unsigned char)r->p[i - 1])))
                        run = 3;
                for (size_t j = 0; part && r->n - i >= part && j + part <= length; j++)
                        if (tolower((unsigned char)r->p[i]) == tolower((unsigned char)key[j]) &&
                            strncasecmp(r->p + i, key + j, part) == 0)
                                run = run > part ? run : part;
                for (size_t b = r->at[i]; run && b < r->at[i + run]; b++)
                        marks[b] = true;
                any = any || run;
        }
        return any;
}

static bool find_marks(const char *s, size_t n, const char *key, bool *marks)
{
        struct reading r = { .p = mem_new(n + 1), .at = mem_new((n + 1) * sizeof(*r.at)), .n = n };
        bool any;

        memcpy(r.p, s, n);
        for (size_t i = 0; i <= n; i++)
                r.at[i] = (uint32_t)i;
        any = reading_mark(&r, key, marks);
        for (int i = 0; i < ROUNDS && reading_resolve(&r); i++)
                any = reading_mark(&r, key, marks) || any;
        explicit_bzero(r.p, n);
        free(r.p);
        free(r.at);
        return any;
}

/* The text with its marked words replaced. */
static void replace(const char *s, size_t n, const bool *marks, struct buf *out)
{
        for (size_t i = 0; i < n;) {
                size_t end = i, stop;
                bool marked = false;

                for (; end < n && (marks[end] || !is_edge(s[end])); end++)
                        marked = marked || marks[end];
                if (end == i) { /* an edge */
                        buf_putc(out, s[i++]);
                        continue;
                }
                for (stop = end; stop > i && !marks[stop - 1] && strchr(".:!?", s[stop - 1]);)
                        stop--;
                if (marked) {
                        buf_puts(out, marker);
                        i = stop;
                }
                buf_add(out, s + i, end - i);
                i = end;
        }
}

const char *redact_line(const char *s, size_t n, const char *key, char *out, size_t room)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        _cleanup_free_ bool *marks = NULL;

        if (n > REDACT_MAX)
                n = REDACT_MAX;
        marks = mem_new(n + room);
        if (find_marks(s, n, key, marks)) {
                replace(s, n, marks, &b);
                s = buf_str(&b);
                n = b.n;
        }
        text_line(s, n, out, room);

        /* Making a line of it may have brought bytes together. What is left must say nothing. */
        if (find_marks(out, strlen(out), key, marks))
                text_line(marker, strlen(marker), out, room);
        return out;
}
