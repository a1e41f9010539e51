#include "error.h"

#include <stdarg.h>
#include <stdio.h>

void error_answer(struct answer *a, int status, const char *type, const char *param,
                  const char *code, const char *format, ...)
{
        struct buf b = { 0 };
        char message[2048];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);

        buf_puts(&b, "{\n  \"error\": {\n    \"message\": ");
        buf_json(&b, slice_of(message));
        buf_puts(&b, ",\n    \"type\": ");
        buf_json(&b, slice_of(type));
        buf_puts(&b, ",\n    \"param\": ");
        buf_json(&b, slice_of(param));
        buf_puts(&b, ",\n    \"code\": ");
        buf_json(&b, slice_of(code));
        buf_puts(&b, "\n  }\n}");
        a->status = status;
        answer_text(a, &b);
}
