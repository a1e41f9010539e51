/* A message of a chat, as the API and servers like it store it: which of its members say what. */
#pragma once

#include "base/json.h"

#include <stdbool.h>

struct message {
        struct json role, name, tool_call_id, refusal, tool_calls, function_call, audio,
                annotations;
        /* What it says: the parts where there are any, else a string. p NULL: nothing. */
        struct json content;
};

void message_read(const struct json *text, struct message *ret);
/* Choices' messages, one after the other; start with *at = 0; false at the end. A choice without a
 * message comes as a JSON_NULL. */
bool message_choice(const struct json *choices, size_t *at, struct json *ret_choice,
                    struct json *ret_message);
/* Is it there and not null? */
static inline bool message_has(const struct json *v)
{
        return v->p && v->type != JSON_NULL;
}
