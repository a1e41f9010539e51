#include "ctl/conversation.h"
#include "ctl/media.h"
#include "ctl/message.h"
#include "ctl/pager.h"
#include "ctl/prose.h"
#include "ctl/show.h"

#define INDENT     4
#define NAME_BYTES 128 /* of a role, a name, an id, as much as is shown */

/* A short text of the record within a line; other JSON as it is. */
static void put_name(const struct json *name, struct buf *out)
{
        bool more;

        if (name->type == JSON_STRING) {
                more = prose_line(name, NAME_BYTES, out);
        } else {
                more = name->n > NAME_BYTES;
                show_text(out, name->p, more ? NAME_BYTES : name->n);
        }
        if (more)
                buf_puts(out, "...");
}

static void put_line(const struct verb *v, enum colour c, unsigned indent, const struct buf *line)
{
        fprintf(v->out, "%*s%s%s%s\n", (int)indent, "", colour(v, c), buf_str(line),
                colour(v, COLOUR_NONE));
}

/* "call get_weather (call_abc)", and what it is called with. */
static void put_call(const struct verb *v, const struct json *name, const struct json *arguments,
                     const struct json *id)
{
        _cleanup_buf_ struct buf line = BUF_INIT;

        buf_puts(&line, "call ");
        if (message_has(name))
                put_name(name, &line);
        if (message_has(id)) {
                buf_puts(&line, " (");
                put_name(id, &line);
                buf_putc(&line, ')');
        }
        put_line(v, COLOUR_YELLOW, INDENT, &line);
        if (message_has(arguments))
                prose_put(v, arguments, 2 * INDENT);
}

static void put_function(const struct verb *v, const struct json *function, const struct json *id)
{
        static const char *const keys[] = { "name", "arguments", "input" };
        struct json f[3];

        json_members(function, keys, 3, f);
        put_call(v, &f[0], message_has(&f[1]) ? &f[1] : &f[2], id);
}

static void put_calls(const struct verb *v, const struct message *m)
{
        static const char *const keys[] = { "id", "function", "custom" };
        struct json call, c[3];
        size_t at = 0;

        while (json_next(&m->tool_calls, &at, NULL, &call)) {
                json_members(&call, keys, 3, c);
                put_function(v, message_has(&c[1]) ? &c[1] : &c[2], &c[0]);
        }
        if (message_has(&m->function_call))
                put_function(v, &m->function_call, &(struct json){ .type = JSON_NULL });
}

/* "[image: image/png, 12.3K]" */
static void put_media(const struct verb *v, const char *kind, const struct buf *what)
{
        _cleanup_buf_ struct buf line = BUF_INIT;

        buf_printf(&line, "[%s", kind);
        if (what->n) {
                buf_puts(&line, ": ");
                buf_add(&line, what->p, what->n);
        }
        buf_putc(&line, ']');
        put_line(v, COLOUR_BLUE, INDENT, &line);
}

static void put_image(const struct verb *v, const struct json *image)
{
        static const char *const keys[] = { "url", "detail" };
        _cleanup_buf_ struct buf what = BUF_INIT;
        struct json i[2];

        json_members(image, keys, 2, i);
        media_url(i[0].p ? &i[0] : image, &what);
        if (message_has(&i[1]) && !json_equals(&i[1], "auto")) {
                buf_puts(&what, ", detail ");
                put_name(&i[1], &what);
        }
        put_media(v, "image", &what);
}

static void put_audio(const struct verb *v, const struct json *audio)
{
        static const char *const keys[] = { "format", "data", "transcript" };
        _cleanup_buf_ struct buf what = BUF_INIT;
        struct json a[3];

        json_members(audio, keys, 3, a);
        if (message_has(&a[0]))
                put_name(&a[0], &what);
        if (message_has(&a[1])) {
                buf_puts(&what, what.n ? ", " : "");
                media_size(&a[1], &what);
        }
        put_media(v, "audio", &what);
        if (message_has(&a[2]))
                prose_put(v, &a[2], INDENT);
}

static void put_file(const struct verb *v, const struct json *file)
{
        static const char *const keys[] = { "filename", "file_id", "file_data" };
        _cleanup_buf_ struct buf what = BUF_INIT;
        struct json f[3];

        json_members(file, keys, 3, f);
        for (size_t i = 0; i < 2; i++) {
                if (!message_has(&f[i]))
                        continue;
                buf_puts(&what, what.n ? ", " : "");
                put_name(&f[i], &what);
        }
        if (message_has(&f[2])) {
                buf_puts(&what, what.n ? ", " : "");
                media_url(&f[2], &what);
        }
        put_media(v, "file", &what);
}

static void put_refusal(const struct verb *v, const struct json *refusal)
{
        _cleanup_buf_ struct buf none = BUF_INIT;

        put_media(v, "refusal", &none);
        prose_put(v, refusal, INDENT);
}

static void put_part(const struct verb *v, const struct json *part)
{
        static const char *const keys[] = { "text", "image_url", "input_audio",
                                            "file", "refusal",   "type" };
        _cleanup_buf_ struct buf other = BUF_INIT, none = BUF_INIT;
        struct json p[6];

        json_members(part, keys, 6, p);
        if (message_has(&p[0]))
                prose_put(v, &p[0], INDENT);
        else if (message_has(&p[1]))
                put_image(v, &p[1]);
        else if (message_has(&p[2]))
                put_audio(v, &p[2]);
        else if (message_has(&p[3]))
                put_file(v, &p[3]);
        else if (message_has(&p[4]))
                put_refusal(v, &p[4]);
        else if (message_has(&p[5]))
                put_name(&p[5], &other);
        if (other.n)
                put_media(v, buf_str(&other), &none);
}

/* What an answer leans on. */
static void put_sources(const struct verb *v, const struct json *annotations)
{
        static const char *const keys[] = { "title", "url" };
        struct json annotation, citation, c[2];
        size_t at = 0;

        while (json_next(annotations, &at, NULL, &annotation)) {
                _cleanup_buf_ struct buf what = BUF_INIT;

                if (!json_member(&annotation, "url_citation", &citation))
                        continue;
                json_members(&citation, keys, 2, c);
                if (message_has(&c[0])) {
                        put_name(&c[0], &what);
                        buf_puts(&what, ", ");
                }
                media_url(&c[1], &what);
                put_media(v, "source", &what);
        }
}

static void put_content(const struct verb *v, const struct json *content)
{
        struct json part;
        size_t at = 0;

        if (!message_has(content))
                return;
        if (content->type != JSON_ARRAY) {
                prose_put(v, content, INDENT);
                return;
        }
        while (json_next(content, &at, NULL, &part))
                put_part(v, &part);
}

static void put_body(const struct verb *v, const struct message *m)
{
        put_content(v, &m->content);
        if (message_has(&m->refusal))
                put_refusal(v, &m->refusal);
        put_calls(v, m);
        if (message_has(&m->audio))
                put_audio(v, &m->audio);
        put_sources(v, &m->annotations);
}

static void put_heading(const struct verb *v, const struct message *m, const char *behind)
{
        _cleanup_buf_ struct buf line = BUF_INIT;
        const struct json *who = message_has(&m->tool_call_id) ? &m->tool_call_id : &m->name;

        if (message_has(&m->role))
                put_name(&m->role, &line);
        else
                buf_puts(&line, "message");
        if (message_has(who)) {
                buf_puts(&line, " (");
                put_name(who, &line);
                buf_putc(&line, ')');
        }
        buf_puts(&line, behind);
        buf_putc(&line, ':');
        put_line(v, COLOUR_BOLD, 0, &line);
}

void conversation_message(const struct verb *v, const struct json *message)
{
        struct message m;

        message_read(message, &m);
        put_heading(v, &m, "");
        put_body(v, &m);
}

void conversation_answer(const struct verb *v, const struct json *completion)
{
        struct json choices = { .type = JSON_NULL }, choice, text, finish;
        size_t at = 0, n = 0, k = 0;

        json_member(completion, "choices", &choices);
        while (message_choice(&choices, &at, &choice, &text))
                n++;
        for (at = 0; message_choice(&choices, &at, &choice, &text);) {
                _cleanup_buf_ struct buf behind = BUF_INIT;
                struct message m;

                message_read(&text, &m);
                if (n > 1)
                        buf_printf(&behind, ", answer %zu of %zu", ++k, n);
                if (json_member(&choice, "finish_reason", &finish) && message_has(&finish) &&
                    !json_equals(&finish, "stop")) {
                        buf_puts(&behind, ", ended by ");
                        put_name(&finish, &behind);
                }
                put_heading(v, &m, buf_str(&behind));
                put_body(v, &m);
        }
}

static void put_text(const struct verb *v, const struct json *text)
{
        if (!message_has(text) || text->type != JSON_STRING)
                return;
        prose_bare(v, text);
        if (!v->out_terminal)
                fputc('\n', v->out);
}

void conversation_texts(const struct verb *v, const struct json *message)
{
        struct json part, text;
        struct message m;
        size_t at = 0;

        message_read(message, &m);
        put_text(v, &m.content);
        while (json_next(&m.content, &at, NULL, &part))
                if (json_member(&part, "text", &text))
                        put_text(v, &text);
        put_text(v, &m.refusal);
}

void conversation_answer_texts(const struct verb *v, const struct json *completion)
{
        struct json choices = { .type = JSON_NULL }, choice, text;
        size_t at = 0;

        json_member(completion, "choices", &choices);
        while (message_choice(&choices, &at, &choice, &text))
                conversation_texts(v, &text);
}
