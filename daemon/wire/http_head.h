/* A response's head: the few fields that anyone here asks for, made harmless. */
#pragma once

#include "wire/http.h"

#include <stddef.h>

/* Take one line of a head as it came ("Name: value\r\n"). Other fields are passed over; of a field
 * that comes twice, the last counts. A line that continues another, as HTTP once had it, is passed
 * over. */
void http_head_line(struct http_head *head, const char *line, size_t n);
