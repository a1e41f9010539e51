#include "wire/api_url.h"

#include <stdio.h>
#include <string.h>

static void parameter(struct buf *b, char *separator, const char *name, const char *value)
{
        buf_putc(b, *separator);
        *separator = '&';
        buf_percent(b, name, strlen(name));
        buf_putc(b, '=');
        buf_percent(b, value, strlen(value));
}

/* KEY=VALUE as metadata[KEY]=VALUE */
static void metadata(struct buf *b, char *separator, const char *pair)
{
        _cleanup_buf_ struct buf name = BUF_INIT;
        size_t key = strcspn(pair, "=");

        buf_puts(&name, "metadata[");
        buf_add(&name, pair, key);
        buf_putc(&name, ']');
        parameter(b, separator, buf_str(&name), pair + key + (pair[key] ? 1 : 0));
}

/* An id of nothing but dots would be a way up in the path. */
static void segment(struct buf *b, const char *id)
{
        size_t n = strlen(id);

        if (strspn(id, ".") != n) {
                buf_percent(b, id, n);
                return;
        }
        while (n-- > 0)
                buf_puts(b, "%2E");
}

void api_url_add(struct buf *b, const char *base_url, const char *extra_query,
                 const struct api_query *query)
{
        size_t n = strlen(base_url);
        char separator = '?', limit[16];

        while (n && base_url[n - 1] == '/')
                n--;
        buf_add(b, base_url, n);
        buf_puts(b, "/chat/completions");
        if (query->kind != PAGE_LIST) {
                buf_putc(b, '/');
                segment(b, query->id);
        }
        if (query->kind == PAGE_MESSAGES)
                buf_puts(b, "/messages");
        if (query->kind != PAGE_ONE) {
                snprintf(limit, sizeof(limit), "%u", query->limit);
                parameter(b, &separator, "limit", limit);
                parameter(b, &separator, "order", query->order == API_ASC ? "asc" : "desc");
                if (query->after)
                        parameter(b, &separator, "after", query->after);
        }
        if (query->kind == PAGE_LIST) {
                if (query->model)
                        parameter(b, &separator, "model", query->model);
                for (const char *const *m = query->metadata; m && *m; m++)
                        metadata(b, &separator, *m);
        }
        if (extra_query && *extra_query) {
                buf_putc(b, separator);
                buf_puts(b, extra_query);
        }
}
