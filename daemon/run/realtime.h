/* The machine's own clocks, for those who hand them down. */
#pragma once

#include "base/clock.h"

/* CLOCK_REALTIME and CLOCK_BOOTTIME. */
struct clock realtime_clock(void);
