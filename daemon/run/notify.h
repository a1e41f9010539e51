/* What the service manager is told (sd_notify(3)). Without one, all of it is harmless. */
#pragma once

#include "base/clock.h"

/* How often WATCHDOG=1 has to come at least; 0: nobody waits for it. */
usec_t notify_watchdog_usec(void);

void notify_ready(void);
void notify_reloading(void); /* to be ended by notify_ready() */
void notify_stopping(void);
void notify_watchdog(void);
/* Starting or stopping takes longer than expected: give it `more` from now on. */
void notify_extend(usec_t more);
/* One line, as a person would ask for it. The same again is not sent. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
