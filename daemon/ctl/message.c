#include "ctl/message.h"
#include "base/mem.h"

void message_read(const struct json *text, struct message *ret)
{
        static const char *const keys[] = { "role",         "name",        "tool_call_id",
                                            "refusal",      "tool_calls",  "function_call",
                                            "audio",        "annotations", "content",
                                            "content_parts" };
        struct json v[ELEMENTS(keys)];

        json_members(text, keys, ELEMENTS(keys), v);
        *ret = (struct message){ .role = v[0],
                                 .name = v[1],
                                 .tool_call_id = v[2],
                                 .refusal = v[3],
                                 .tool_calls = v[4],
                                 .function_call = v[5],
                                 .audio = v[6],
                                 .annotations = v[7],
                                 .content = v[8] };
        /* The service stores a message of several parts twice: its text, and the parts. */
        if (v[9].p && v[9].type == JSON_ARRAY)
                ret->content = v[9];
}

bool message_choice(const struct json *choices, size_t *at, struct json *ret_choice,
                    struct json *ret_message)
{
        if (!choices->p || choices->type != JSON_ARRAY || !json_next(choices, at, NULL, ret_choice))
                return false;
        if (!json_member(ret_choice, "message", ret_message))
                *ret_message = (struct json){ .type = JSON_NULL };
        return true;
}
