#include "walk/lines.h"

#include <stdbool.h>
#include <string.h>

int lines_read(struct unpack *text, uint64_t records, const struct lines_sink *sink, struct err *e)
{
        bool within = false; /* a line has begun */
        uint64_t lines = 0;
        const char *p;
        size_t n;

        for (;;) {
                if (unpack_next(text, &p, &n, e) < 0)
                        return -1;
                if (n == 0)
                        break;
                while (n > 0) {
                        const char *newline = memchr(p, '\n', n);
                        size_t piece = newline ? (size_t)(newline - p) : n;

                        if (piece && sink->piece(sink->ctx, p, piece, e) != 0)
                                return -1;
                        within = !newline;
                        if (newline && sink->end(sink->ctx, e) != 0)
                                return -1;
                        lines += newline != NULL;
                        piece += newline ? 1 : 0;
                        p += piece;
                        n -= piece;
                }
        }
        if (within || lines != records)
                return err_set(e, ERR_DAMAGE, "%llu records were expected, %llu are there",
                               (unsigned long long)records, (unsigned long long)lines);
        return 0;
}
