/* Moments as systemd.time(7) writes them, for --since= and --until=. */
#pragma once

#include "base/clock.h"

/* "2026-11-01", "2026-11-01 08:30[:15[.5]]" and RFC 3339 (a "Z", " UTC" or an offset +01:00 may
 * follow; without one: local time, by $TZ), "08:30" (today), "now", "today", "yesterday",
 * "tomorrow" (midnight, local), "-7d", "+5min", "7d ago", "@1758039177". -1: none of these, or not
 * from 1970 to 9999. */
int when_parse(const char *text, usec_t now, usec_t *ret);
/* A moment for a person: "2026-11-01 08:30:15 UTC" (always UTC: an archive is read anywhere). */
const char *when_text(usec_t t, char out[static CLOCK_TEXT_MAX]);
