#include "ctl/conversation.h"
#include "base/text.h"
#include "ctl/message.h"
#include "ctl/pager.h"
#include "ctl/prose.h"
#include "ctl/show.h"
#include "ctl/when.h"

#include <string.h>

#define VALUE_BYTES 200          /* as much of a value as is shown */
#define NAMES_MAX   32           /* tools, metadata, finish reasons: no more of them are named */
#define SECOND_MAX  253402300799 /* the last one of the year 9999 */

static void put_field(const struct verb *v, const char *name, const struct buf *value)
{
        fprintf(v->out, "%12s%s %s\n", name, *name ? ":" : " ", buf_str(value));
}

void conversation_field(const struct verb *v, const char *name, const char *value)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        show_text(&b, value, strlen(value));
        put_field(v, name, &b);
}

static void add_value(const struct json *value, struct buf *out)
{
        bool more = value->n > VALUE_BYTES;

        if (value->type == JSON_STRING)
                more = prose_line(value, VALUE_BYTES, out);
        else if (value->p)
                show_text(out, value->p, more ? VALUE_BYTES : value->n);
        if (more)
                buf_puts(out, "...");
}

/* Only what is there, and not null. */
static void put_value(const struct verb *v, const char *name, const struct json *value)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        if (!message_has(value))
                return;
        add_value(value, &b);
        put_field(v, name, &b);
}

static void put_created(const struct verb *v, const struct json *created)
{
        char text[CLOCK_TEXT_MAX];
        int64_t second;

        if (json_int64(created, &second) < 0 || second < 0 || second > SECOND_MAX)
                put_value(v, "Created", created);
        else
                conversation_field(v, "Created", when_text(second * USEC_PER_SEC, text));
}

static void put_tokens(const struct verb *v, const struct json *usage)
{
        static const char *const keys[] = { "prompt_tokens", "completion_tokens", "total_tokens" };
        static const char *const names[] = { " prompt", " answer", " in all" };
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json n[3];

        json_members(usage, keys, 3, n);
        for (size_t i = 0; i < 3; i++) {
                if (!message_has(&n[i]))
                        continue;
                buf_puts(&b, b.n ? ", " : "");
                add_value(&n[i], &b);
                buf_puts(&b, names[i]);
        }
        if (b.n)
                put_field(v, "Tokens", &b);
}

/* A list in one line: of each element the member `key`, or that of its member `within`. */
static void put_names(const struct verb *v, const char *name, const struct json *list,
                      const char *within, const char *key)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json element, inner, value;
        size_t at = 0, n = 0;

        while (json_next(list, &at, NULL, &element)) {
                if (within && json_member(&element, within, &inner) && inner.type == JSON_OBJECT)
                        element = inner;
                if (!json_member(&element, key, &value) || !message_has(&value))
                        continue;
                if (n++ == NAMES_MAX) {
                        buf_puts(&b, ", ...");
                        break;
                }
                buf_puts(&b, b.n ? ", " : "");
                add_value(&value, &b);
        }
        if (b.n)
                put_field(v, name, &b);
}

static void put_metadata(const struct verb *v, const struct json *metadata)
{
        struct json key, value;
        size_t at = 0, n = 0;

        while (json_next(metadata, &at, &key, &value)) {
                _cleanup_buf_ struct buf b = BUF_INIT;

                if (metadata->type != JSON_OBJECT)
                        break;
                if (n == NAMES_MAX) {
                        conversation_field(v, "", "...");
                        break;
                }
                add_value(&key, &b);
                buf_putc(&b, '=');
                add_value(&value, &b);
                put_field(v, n++ ? "" : "Metadata", &b);
        }
}

void conversation_head(const struct verb *v, const struct json *completion)
{
        static const char *const keys[] = { "id",    "model",   "created", "usage",
                                            "tools", "choices", "metadata" };
        _cleanup_buf_ struct buf id = BUF_INIT;
        struct json c[7];

        json_members(completion, keys, 7, c);
        buf_puts(&id, colour(v, COLOUR_BOLD));
        add_value(&c[0], &id);
        buf_puts(&id, colour(v, COLOUR_NONE));
        put_field(v, "Completion", &id);
        put_value(v, "Model", &c[1]);
        put_created(v, &c[2]);
        put_tokens(v, &c[3]);
        put_names(v, "Finish", &c[5], NULL, "finish_reason");
        put_names(v, "Tools", &c[4], "function", "name");
        put_metadata(v, &c[6]);
}

/* A time as the archive writes it; what is none is shown as it is. */
static void add_time(const struct json *time, struct buf *out)
{
        _cleanup_buf_ struct buf text = BUF_INIT;
        char shown[CLOCK_TEXT_MAX];
        usec_t t;

        if (time->p && time->n < CLOCK_TEXT_MAX && json_string(time, &text) == 0 &&
            clock_parse(buf_str(&text), &t) == 0)
                buf_puts(out, when_text(t, shown));
        else if (time->p)
                add_value(time, out);
        else
                buf_puts(out, "?");
}

void conversation_change(const struct verb *v, const struct json *change)
{
        static const char *const keys[] = { "type", "observed_at", "version", "last_seen",
                                            "expired" };
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json c[5];

        json_members(change, keys, 5, c);
        add_time(&c[1], &b);
        buf_puts(&b, "  ");
        if (json_equals(&c[0], "changed")) {
                buf_puts(&b, "changed: version ");
                add_value(&c[2], &b);
        } else if (json_equals(&c[0], "gone")) {
                buf_puts(&b, "gone: the server does not have it any more");
        } else if (json_equals(&c[0], "returned")) {
                buf_puts(&b, "returned: the server has it again");
        } else {
                add_value(&c[0], &b);
        }
        if (c[3].p) {
                buf_puts(&b,
                         json_equals(&c[0], "changed") ? "; last seen as before " : "; last seen ");
                add_time(&c[3], &b);
        }
        if (c[4].type == JSON_BOOL && c[4].n == 4)
                buf_puts(&b, "; past its time to be kept");
        fprintf(v->out, "    %s\n", buf_str(&b));
}
