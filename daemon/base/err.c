#include "base/err.h"

#include <stdio.h>
#include <string.h>

static void err_fill(struct err *e, enum err_kind kind, int errnum, const char *format, va_list ap)
{
        char text[ERR_TEXT_MAX]; /* an argument may be part of the old one */

        vsnprintf(text, sizeof(text), format, ap);
        e->kind = kind;
        e->errnum = errnum;
        memcpy(e->text, text, sizeof(text));
}

int err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
        va_list ap;

        if (!e)
                return -1;
        va_start(ap, format);
        err_fill(e, kind, 0, format, ap);
        va_end(ap);
        return -1;
}

int err_sys(struct err *e, int errnum, const char *format, ...)
{
        va_list ap;
        size_t n;

        if (!e)
                return -1;
        va_start(ap, format);
        err_fill(e, ERR_HOST, errnum, format, ap);
        va_end(ap);
        n = strlen(e->text);
        snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(errnum));
        return -1;
}

int err_wrap(struct err *e, const char *format, ...)
{
        char fact[ERR_TEXT_MAX], old[ERR_TEXT_MAX];
        va_list ap;
        size_t n;

        if (!e)
                return -1;
        va_start(ap, format);
        vsnprintf(fact, sizeof(fact), format, ap);
        va_end(ap);
        memcpy(old, e->text, sizeof(old));
        memcpy(e->text, fact, sizeof(fact));
        n = strlen(e->text);
        snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
        return -1;
}
