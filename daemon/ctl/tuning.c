#include "ctl/tuning.h"
#include "base/mem.h"
#include "ctl/message.h"

#include <stdbool.h>
#include <string.h>

struct out {
        tuning_put *put;
        void *ctx;
        int r;      /* the first that was not 0 */
        bool comma; /* before the next member or element */
};

static void add(struct out *o, const char *p, size_t n)
{
        if (o->r == 0 && n)
                o->r = o->put(o->ctx, p, n);
}

static void add_text(struct out *o, const char *text)
{
        add(o, text, strlen(text));
}

static void add_comma(struct out *o)
{
        if (o->comma)
                add_text(o, ",");
        o->comma = true;
}

/* key: as in the record, quotes included. */
static void add_member(struct out *o, const char *key, size_t n, const struct json *value)
{
        add_comma(o);
        add(o, key, n);
        add_text(o, ":");
        add(o, value->p, value->n);
}

/* {"type":"text","text":…,"image_url":null,…}: the service fills parts up with nulls. */
static void add_part(struct out *o, const struct json *part)
{
        struct json key, value;
        size_t at = 0;

        add_comma(o);
        if (part->type != JSON_OBJECT) {
                add(o, part->p, part->n);
                return;
        }
        add_text(o, "{");
        o->comma = false;
        while (o->r == 0 && json_next(part, &at, &key, &value))
                if (value.type != JSON_NULL)
                        add_member(o, key.p, key.n, &value);
        add_text(o, "}");
        o->comma = true;
}

static void add_content(struct out *o, const struct json *content)
{
        struct json part;
        size_t at = 0;

        add_comma(o);
        add_text(o, "\"content\":");
        if (content->type != JSON_ARRAY) {
                add(o, content->p, content->n);
                return;
        }
        add_text(o, "[");
        o->comma = false;
        while (o->r == 0 && json_next(content, &at, NULL, &part))
                add_part(o, &part);
        add_text(o, "]");
        o->comma = true;
}

static bool is_left_out(const struct json *key)
{
        static const char *const keys[] = { "completion_id", "id",   "annotations",
                                            "content",       "role", "content_parts" };

        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (json_equals(key, keys[i]))
                        return true;
        return false;
}

static void add_message(struct out *o, const struct json *message)
{
        struct json key, value;
        struct message m;
        size_t at = 0;

        message_read(message, &m);
        add_text(o, "{\"role\":");
        if (message_has(&m.role))
                add(o, m.role.p, m.role.n);
        else
                add_text(o, "\"assistant\"");
        o->comma = true;
        if (message_has(&m.content))
                add_content(o, &m.content);
        while (o->r == 0 && json_next(message, &at, &key, &value))
                if (value.type != JSON_NULL && !is_left_out(&key))
                        add_member(o, key.p, key.n, &value);
        add_text(o, "}");
}

int tuning_message(const struct json *message, tuning_put *put, void *ctx)
{
        struct out o = { .put = put, .ctx = ctx };

        if (message->type != JSON_OBJECT)
                return -1;
        add_message(&o, message);
        return o.r;
}

int tuning_answer(const struct json *completion, const struct json *message, tuning_put *put,
                  void *ctx)
{
        static const char *const keys[] = { "tools", "parallel_tool_calls", "functions" };
        static const char *const quoted[] = { "\"tools\"", "\"parallel_tool_calls\"",
                                              "\"functions\"" };
        struct out o = { .put = put, .ctx = ctx };
        struct json v[3];

        if (message->type != JSON_OBJECT)
                return -1;
        add_message(&o, message);
        add_text(&o, "]");
        o.comma = true;
        json_members(completion, keys, 3, v);
        for (size_t i = 0; i < 3; i++)
                if (message_has(&v[i]))
                        add_member(&o, quoted[i], strlen(quoted[i]), &v[i]);
        add_text(&o, "}\n");
        return o.r;
}
