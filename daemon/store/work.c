#include "store/work.h"

#include <stddef.h>

static void tell(struct work *w)
{
        w->lines = w->bytes = 0;
        w->tell(w->ctx);
}

void work_lines(struct work *w, uint64_t n)
{
        if (!w || !w->tell)
                return;
        w->lines += n;
        if (w->lines >= WORK_LINES)
                tell(w);
}

void work_bytes(struct work *w, uint64_t n)
{
        if (!w || !w->tell)
                return;
        w->bytes += n;
        if (w->bytes >= WORK_BYTES)
                tell(w);
}
