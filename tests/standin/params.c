#include "params.h"

#include <stdlib.h>

static int hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void percent_decode(struct slice s, bool plus, struct buf *ret)
{
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
                        buf_putc(ret, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
                        i += 2;
                } else {
                        buf_putc(ret, plus && s.p[i] == '+' ? ' ' : s.p[i]);
                }
        }
}

static char *decoded(struct slice s, size_t *ret_n)
{
        struct buf b = { 0 };

        buf_add(&b, "", 0);
        percent_decode(s, true, &b);
        *ret_n = b.n;
        return b.p;
}

void params_parse(struct slice query, struct params *ret)
{
        ret->n = 0;
        while (query.n > 0 && ret->n < PARAMS_MAX) {
                const char *end = memchr(query.p, '&', query.n);
                struct slice pair = { query.p, end ? (size_t)(end - query.p) : query.n };
                const char *equals = memchr(pair.p, '=', pair.n);
                struct slice key = { pair.p, equals ? (size_t)(equals - pair.p) : pair.n };
                struct slice value = { equals ? equals + 1 : "", equals ? pair.n - key.n - 1 : 0 };

                if (pair.n > 0) {
                        ret->list[ret->n].key = decoded(key, &ret->list[ret->n].n_key);
                        ret->list[ret->n].value = decoded(value, &ret->list[ret->n].n_value);
                        ret->n++;
                }
                query.p += pair.n + (end ? 1 : 0);
                query.n -= pair.n + (end ? 1 : 0);
        }
}

void params_done(struct params *p)
{
        for (size_t i = 0; i < p->n; i++) {
                free(p->list[i].key);
                free(p->list[i].value);
        }
        p->n = 0;
}

struct slice params_get(const struct params *p, const char *key)
{
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->list[i].key, key) == 0)
                        return (struct slice){ p->list[i].value, p->list[i].n_value };
        return (struct slice){ NULL, 0 };
}

const char *params_text(const struct params *p, const char *key, const char *otherwise)
{
        struct slice s = params_get(p, key);

        return s.p ? s.p : otherwise;
}

uint64_t params_number(const struct params *p, const char *key, uint64_t otherwise)
{
        struct slice s = params_get(p, key);
        char *end;
        uint64_t v;

        if (!s.p || s.p[0] < '0' || s.p[0] > '9')
                return otherwise;
        v = strtoull(s.p, &end, 10);
        return *end ? otherwise : v;
}

bool params_flag(const struct params *p, const char *key)
{
        struct slice s = params_get(p, key);

        return s.p && !slice_is(s, "0") && !slice_is(s, "no");
}
