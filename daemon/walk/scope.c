#include "walk/scope.h"
#include "base/mem.h"

#include <string.h>

static int by_text(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void scope_filter(const struct scope *s, struct buf *out)
{
        _cleanup_free_ const char **pairs = NULL;
        size_t n = 0;

        while (s->metadata && s->metadata[n])
                n++;
        if (!s->model && n == 0) {
                buf_puts(out, "null");
                return;
        }
        pairs = mem_new(n * sizeof(*pairs));
        for (size_t i = 0; i < n; i++)
                pairs[i] = s->metadata[i];
        qsort(pairs, n, sizeof(*pairs), by_text);

        buf_puts(out, "{\"model\":");
        buf_json_str(out, s->model);
        buf_puts(out, ",\"metadata\":{");
        for (size_t i = 0; i < n; i++) {
                const char *equals = strchr(pairs[i], '=');
                size_t key = equals ? (size_t)(equals - pairs[i]) : strlen(pairs[i]);

                if (i)
                        buf_putc(out, ',');
                buf_json(out, pairs[i], key);
                buf_putc(out, ':');
                buf_json_str(out, equals ? equals + 1 : "");
        }
        buf_puts(out, "}}");
}

void scope_digest(const struct scope *s, uint8_t out[static SHA256_SIZE])
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        size_t n = strlen(s->base_url);

        while (n > 0 && s->base_url[n - 1] == '/')
                n--;
        buf_add(&b, s->base_url, n);
        buf_putc(&b, '\n');
        scope_filter(s, &b);
        sha256(b.p, b.n, out);
}
