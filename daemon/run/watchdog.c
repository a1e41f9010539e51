#include "run/watchdog.h"

bool watchdog_is_well(struct watchdog *w, bool busy, bool waiting, uint64_t signs, usec_t period)
{
        w->quiet += period;
        if (!busy || waiting || signs != w->signs)
                w->quiet = 0;
        w->signs = signs;
        return w->quiet < WATCHDOG_PATIENCE;
}
