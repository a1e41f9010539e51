#include "ctl/column.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define WIDTH_MAX     1000 /* of a terminal: more is a typing error */
#define WIDTH_DEFAULT 80
#define DOTS          "\xe2\x80\xa6"

size_t column_terminal(const struct verb *v)
{
        const char *asked = getenv("COLUMNS");
        struct winsize size;
        int64_t n;

        if (!v->out_terminal)
                return COLUMN_NONE;
        if (asked && text_int64(asked, strlen(asked), &n) == 0 && n > 0 && n <= WIDTH_MAX)
                return (size_t)n;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        return WIDTH_DEFAULT;
}

/* The character at p, its bytes and its columns; what is none counts as one of each. */
static size_t character(const char *p, size_t n, size_t *ret_columns)
{
        size_t length = text_utf8(p, n);
        mbstate_t state = { 0 };
        wchar_t c = 0;
        int columns = 1;

        if (length > 1 && mbrtowc(&c, p, length, &state) == length)
                columns = wcwidth(c);
        *ret_columns = columns < 0 ? 1 : (size_t)columns;
        return length ? length : 1;
}

size_t column_width(const char *p, size_t n)
{
        size_t sum = 0, columns;

        for (size_t i = 0; i < n; sum += columns)
                i += character(p + i, n - i, &columns);
        return sum;
}

void column_put(struct buf *out, const char *p, size_t n, size_t width, bool more, bool pad)
{
        /* fit: what still leaves room for the dots */
        size_t i = 0, used = 0, fit = 0, fit_used = 0, columns;

        while (i < n) {
                size_t bytes = character(p + i, n - i, &columns);

                if (used + columns > width)
                        break;
                i += bytes;
                used += columns;
                if (used < width) {
                        fit = i;
                        fit_used = used;
                }
        }
        more = (more || i < n) && width > 0;
        if (more && used >= width) {
                i = fit;
                used = fit_used;
        }
        buf_add(out, p, i);
        if (more)
                buf_puts(out, DOTS);
        for (used += more; pad && used < width; used++)
                buf_putc(out, ' ');
}
