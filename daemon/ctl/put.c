#include "ctl/put.h"

/* Of a text at once: shown, it may be six times as long. */
#define PIECE 65536

static int put(struct put *p, const char *text, size_t n)
{
        return fwrite(text, 1, n, p->verb->out) == n ? 0 : PUT_GONE;
}

int put_add(struct put *p, const char *text, size_t n)
{
        if (!p->verb->out_terminal)
                return put(p, text, n);
        while (n > 0) {
                size_t piece = n < PIECE ? n : PIECE;

                buf_clear(&p->shown);
                show_add(&p->show, text, piece, &p->shown);
                if (put(p, buf_str(&p->shown), p->shown.n) != 0)
                        return PUT_GONE;
                text += piece;
                n -= piece;
        }
        return 0;
}

void put_done(struct put *p)
{
        if (p->verb->out_terminal) {
                buf_clear(&p->shown);
                show_end(&p->show, &p->shown);
                put(p, buf_str(&p->shown), p->shown.n);
        }
        buf_done(&p->shown);
}
