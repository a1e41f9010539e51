/* Error answers as the service words and prints them. */
#pragma once

#include "answer.h"

/* param and code may be NULL. The body is pretty-printed, as the live service does. */
void error_answer(struct answer *a, int status, const char *type, const char *param,
                  const char *code, const char *format, ...) __attribute__((format(printf, 6, 7)));
