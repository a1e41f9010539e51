#include "ctl/meter.h"
#include "base/text.h"

#define EVERY (USEC_PER_SEC / 5)

void meter_add(struct meter *m, uint64_t bytes)
{
        char done[TEXT_SIZE_MAX], total[TEXT_SIZE_MAX];
        usec_t now;

        m->done += bytes;
        if (!m->out || m->total == 0)
                return;
        now = clock_boot(m->clock);
        if (m->drawn == 0) /* what is over soon shows nothing */
                m->drawn = now;
        if (now - m->drawn < EVERY)
                return;
        m->drawn = now;
        m->shown = true;
        if (m->done > m->total) /* it grows meanwhile */
                m->total = m->done;
        fprintf(m->out, "\r%3d %%  %s of %s\033[K", (int)((double)m->done * 100 / (double)m->total),
                text_from_size(m->done, done), text_from_size(m->total, total));
        fflush(m->out);
}

void meter_hide(void *meter)
{
        struct meter *m = meter;

        if (!m->shown)
                return;
        m->shown = false;
        fputs("\r\033[K", m->out);
        fflush(m->out);
}
