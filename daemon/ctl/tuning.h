/* A completion as a line of chat fine-tuning JSONL, of which OpenAI's guide says:
 * {"messages":[…],"tools":[…],"parallel_tool_calls":…,"functions":[…]}: the prompt's messages, then
 * one answer. Values are copied verbatim, as slices of the records; put gets them in pieces, so that
 * a giant needs no memory. What the archive and the API put around them is left out: completion_id,
 * id, annotations, and members that are null; content_parts, where there are any, are the content. */
#pragma once

#include "base/json.h"

#include <stddef.h>

/* What is not 0 comes back, and ends it. */
typedef int tuning_put(void *ctx, const char *p, size_t n);

/* A message of the prompt, without anything around it. -1: it is no message. */
int tuning_message(const struct json *message, tuning_put *put, void *ctx);
/* An answer of the completion (the message of one of its choices: message_choice) likewise, then what
 * closes the line, its newline too. In front of it the caller puts `{"messages":[`, and each message
 * with a comma behind it. -1, and nothing was put: it is no message. */
int tuning_answer(const struct json *completion, const struct json *message, tuning_put *put,
                  void *ctx);
