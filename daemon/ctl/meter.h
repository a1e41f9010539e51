/* How far a long reading is, on the terminal's last line. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct meter {
        FILE *out; /* NULL: nobody looks, and nothing is written */
        const struct clock *clock;
        uint64_t done, total; /* bytes */
        usec_t drawn;
        bool shown;
};

void meter_add(struct meter *m, uint64_t bytes);
/* Erase the line: something else is to be written, or it is over. Takes a struct meter. */
void meter_hide(void *meter);
