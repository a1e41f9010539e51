/* HTTP's dates. */
#pragma once

#include <stdint.h>

/* Reads one of the three forms of RFC 9110, 5.6.7, and nothing else:
 *   Sun, 06 Nov 1994 08:49:37 GMT    Sunday, 06-Nov-94 08:49:37 GMT    Sun Nov  6 08:49:37 1994
 * *ret is in seconds since 1970. Two digits of a year mean 1970 to 2069: no clock is asked. The
 * name of the day is not compared with the date. -1 on anything else, and before 1970. */
int httpdate_parse(const char *s, int64_t *ret);
