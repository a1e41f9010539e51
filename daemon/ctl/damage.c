#include "ctl/damage.h"
#include "base/err.h"
#include "ctl/show.h"

#include <stdarg.h>
#include <string.h>

static void put_line(const struct damage *d, FILE *out, const struct buf *text)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        if (d->before)
                d->before(d->ctx);
        show_text(&b, buf_str(text), text->n);
        buf_putc(&b, '\n');
        fwrite(b.p, 1, b.n, out);
}

void damage_add(struct damage *d, const char *file, uint64_t offset, uint64_t records,
                const char *format, ...)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        char what[ERR_TEXT_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        buf_printf(&b, "damaged: %s: offset %llu: %s: ", file, (unsigned long long)offset, what);
        if (records == DAMAGE_UNKNOWN)
                buf_puts(&b, "? records");
        else
                buf_printf(&b, "%llu records", (unsigned long long)records);
        put_line(d, d->out, &b);
        d->places++;
        if (records != DAMAGE_UNKNOWN)
                d->records += records;
}

void damage_uncommitted(struct damage *d, const char *file, uint64_t offset, uint64_t bytes,
                        const char *what)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        d->uncommitted++;
        if (!d->notes)
                return;
        buf_printf(&b, "uncommitted: %s: offset %llu: %llu bytes: %s", file,
                   (unsigned long long)offset, (unsigned long long)bytes, what);
        put_line(d, d->notes, &b);
}

void damage_unread(struct damage *d, const char *file, const char *why)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_printf(&b, "unread: %s: %s", file, why);
        put_line(d, d->out, &b);
        d->unread++;
}
