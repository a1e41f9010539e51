#include "tap.h"
#include "base/buf.h"
#include "base/mem.h"
#include "wire/api.h"
#include "wire/redact.h"

#include <ctype.h>
#include <strings.h>

#define KEY "sk-proj-Ab3dE6gH9jK2mN5pQ8sT1vW4xY7z"

static char out[400];
static bool quota;

static const char *read_error(const char *body)
{
        api_read_error(body, strlen(body), KEY, out, sizeof(out), &quota);
        return out;
}

static void the_message_is_found_in_each_form_of_body(void)
{
        static const struct {
                const char *body, *message;
        } cases[] = {
                { "{\"error\":{\"message\":\"No such id\",\"type\":\"x\",\"code\":null}}",
                  "No such id" },
                { "{\n  \"error\": {\n    \"message\": \"No such id\"\n  }\n}\n", "No such id" },
                { "\xef\xbb\xbf{\"error\":{\"message\":\"No such id\"}}", "No such id" },
                { "{\"error\":\"no such id\"}", "no such id" },
                { "{\"message\":\"no such id\",\"code\":404}", "no such id" },
                { "{\"detail\":\"Not Found\"}", "Not Found" },
                { "{\"detail\":[{\"loc\":[\"query\"],\"msg\":\"field required\"}]}",
                  "field required" },
                { "{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}",
                  "Resource not found" },
                { "{\"error\":{\"message\":\"\",\"type\":\"server_error\"}}", "server_error" },
                { "{\"error\":null,\"message\":\"m\"}", "m" },
                { "{\"error\":{\"message\":{\"a\":1}},\"message\":\"m\"}", "m" },
                { "{\"error\":\"\",\"message\":\"m\"}", "m" },
                { "\"just a text\"", "just a text" },
                { "{\"error\":{\"message\":\"a\\nb\\u0007c \\u00e4 \\ud83d\\ude00\"}}",
                  "a b?c \xc3\xa4 \xf0\x9f\x98\x80" },
                { "[1, 2]", "[1, 2]" },
                { "{\"errors\":[1]}", "{\"errors\":[1]}" },
                { "{}", "{}" },
                { "upstream connect error\r\n", "upstream connect error" },
                { "{\"error\":{\"message\":\"cut in the mid",
                  "{\"error\":{\"message\":\"cut in the mid" },
                { "<html><head><title>x</title><style>p{}</style></head>\n<body><h1>502 Bad "
                  "Gateway</h1><p>nginx</body></html>",
                  "502 Bad Gateway nginx" },
                { "<!DOCTYPE html><p>Sorry<script>if (1<2) {}</script> Dave", "Sorry Dave" },
                { "<html", "<html" },
                { "<a><b>", "<a><b>" },
                { "", "" },
                { " \n", "(blank)" },
                { "\xef\xbb\xbf", "(blank)" },
                { "{\"message\":\" \"}", "{\"message\":\" \"}" },
                { "\"\"", "\"\"" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                if (!CHECK(strcmp(read_error(cases[i].body), cases[i].message) == 0))
                        printf("# %s\n# gives %s\n", cases[i].body, out);
                CHECK(!quota);
        }
}

static void a_spent_quota_is_told_apart(void)
{
        static const char *const yes[] = {
                "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"code\":null}}",
                "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}",
                "{\"error\":{\"message\":\"m\",\"code\":\"insufficient\\u005fquota\"}}",
                "{\"message\":\"m\",\"code\":\"insufficient_quota\"}",
                "{\"error\":{\"type\":\"insufficient_quota\",\"message\":\"cut in the mid",
        };
        static const char *const no[] = {
                "{\"error\":{\"message\":\"insufficient_quota\",\"code\":\"rate_limit\"}}",
                "{\"error\":{\"message\":\"m\",\"code\":429}}",
                "insufficient_quota",
                "",
        };

        for (size_t i = 0; i < ELEMENTS(yes); i++)
                CHECK(*read_error(yes[i]) && quota);
        for (size_t i = 0; i < ELEMENTS(no); i++)
                CHECK(read_error(no[i]) && !quota);
}

static void the_message_is_cut_to_the_room(void)
{
        char body[API_ERROR_BODY_MAX], small[12];

        memset(body, 'x', sizeof(body));
        api_read_error(body, sizeof(body), KEY, out, sizeof(out), &quota);
        CHECK(strlen(out) == sizeof(out) - 1 && strcmp(out + sizeof(out) - 4, "...") == 0);
        api_read_error(body, sizeof(body), KEY, small, sizeof(small), &quota);
        CHECK(strcmp(small, "xxxxxxxx...") == 0);
}

/* --- the key ------------------------------------------------------------------------------ */

/* Does the text hold five consecutive bytes of the key, in any case? */
static bool leaks(const char *text, const char *key)
{
        for (size_t i = 0; i + REDACT_PART <= strlen(key); i++) {
                char part[REDACT_PART + 1];

                memcpy(part, key + i, REDACT_PART);
                part[REDACT_PART] = '\0';
                if (strcasestr(text, part))
                        return true;
        }
        return false;
}

static void a_key_that_is_echoed_is_redacted(void)
{
        static const struct {
                const char *body, *message;
        } cases[] = {
                { "{\"error\":{\"message\":\"Incorrect API key provided: " KEY
                  ". You can find yours at https://platform.openai.com/account/api-keys.\"}}",
                  "Incorrect API key provided: [redacted]. You can find yours at "
                  "https://platform.openai.com/account/api-keys." },
                { "{\"error\":{\"message\":\"Incorrect API key provided: sk-proj-*****xY7z.\"}}",
                  "Incorrect API key provided: [redacted]." },
                { "{\"error\":{\"message\":\"bad key: Ab3dE***, sorry\"}}",
                  "bad key: [redacted], sorry" },
                { "{\"error\":{\"message\":\"Bearer=" KEY "?\"}}", "[redacted]?" },
                { "{\"error\":{\"message\":\"(\\\"" KEY "\\\")\"}}", "(\"[redacted]\")" },
                { "key: sk-somebody-elses", "key: [redacted]" },
                { "SK-PROJ-AB3DE6", "[redacted]" },
                { "ask-me task-force risk-free", "ask-me task-force risk-free" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (!CHECK(strcmp(read_error(cases[i].body), cases[i].message) == 0))
                        printf("# %s\n# gives %s\n", cases[i].body, out);
}

/* The key as `way` would write it. */
static void spell(struct buf *b, const char *key, int way)
{
        for (const char *p = key; *p; p++) {
                bool plain = way == 0 || (way >= 8 && tap_below(2));
                unsigned c = (unsigned char)*p;

                switch (plain ? 0 : way >= 8 ? (int)tap_below(8) : way) {
                case 1:
                        buf_printf(b, "\\u%04x", c);
                        break;
                case 2:
                        buf_printf(b, "\\u%04X", c);
                        break;
                case 3:
                        buf_printf(b, "%%%02x", c);
                        break;
                case 4:
                        buf_printf(b, "&#%u;", c);
                        break;
                case 5:
                        buf_printf(b, "&#x%X;", c);
                        break;
                case 6:
                        buf_printf(b, "\\x%02x", c);
                        break;
                case 7:
                        if (strchr("\"\\/", *p))
                                buf_putc(b, '\\');
                        buf_putc(b, *p);
                        break;
                default:
                        buf_putc(b, *p);
                }
        }
}

static void no_spelling_of_any_part_of_the_key_gets_through(void)
{
        static const char alphabet[] = "abcXYZ019-_/+=.:\"\\ ,;%&#<>()~";
        static const char *const frames[] = { "%s",
                                              "{\"error\":{\"message\":\"the key %s is bad\"}}",
                                              "<html><p>key=%s</p></html>", "{\"error\":\"x%sx\"}",
                                              "{\"a\":[%s" };

        for (int round = 0; round < 20000; round++) {
                _cleanup_buf_ struct buf echo = BUF_INIT, body = BUF_INIT, esc = BUF_INIT;
                char key[41], part[41];
                size_t n = 5 + tap_below(36), from, len;
                int way = (int)tap_below(10);

                for (size_t i = 0; i < n; i++)
                        key[i] = alphabet[tap_below(sizeof(alphabet) - 1)];
                key[n] = '\0';
                from = tap_below((unsigned)n - 4);
                len = 5 + tap_below((unsigned)(n - from) - 4);
                memcpy(part, key + from, len);
                part[len] = '\0';

                spell(&echo, part, way);
                if (tap_below(3) == 0) { /* JSON within JSON */
                        buf_json(&esc, buf_str(&echo), echo.n);
                        buf_clear(&echo);
                        buf_add(&echo, buf_str(&esc) + 1, esc.n - 2);
                }
                for (const char *p = frames[tap_below(ELEMENTS(frames))]; *p; p++) {
                        if (p[0] == '%' && p[1] == 's')
                                buf_add(&body, buf_str(&echo), echo.n), p++;
                        else
                                buf_putc(&body, *p);
                }
                api_read_error(buf_str(&body), body.n, key, out, 40 + tap_below(300), &quota);
                if (!CHECK(!leaks(out, key))) {
                        printf("# key %s\n# body %s\n# gives %s\n", key, buf_str(&body), out);
                        return;
                }
        }
}

/* Undo one layer of what spell() does, to see what a reader could. */
static void unspell(const char *s, struct buf *b)
{
        while (*s) {
                unsigned c;
                int n = 0;

                if ((sscanf(s, "\\u%4x%n", &c, &n) == 1 && n == 6) ||
                    (sscanf(s, "\\x%2x%n", &c, &n) == 1 && n == 4) ||
                    (sscanf(s, "%%%2x%n", &c, &n) == 1 && n == 3) ||
                    (sscanf(s, "&#x%x;%n", &c, &n) == 1 && n > 0) ||
                    (sscanf(s, "&#%u;%n", &c, &n) == 1 && n > 0)) {
                        buf_putc(b, (char)c);
                        s += n;
                } else {
                        s += *s == '\\' && s[1];
                        buf_putc(b, *s++);
                }
        }
}

static void nobody_can_decode_the_key_from_what_is_left(void)
{
        for (int round = 0; round < 5000; round++) {
                _cleanup_buf_ struct buf body = BUF_INIT, once = BUF_INIT, seen = BUF_INIT;

                buf_puts(&body, "{\"detail\" \"not JSON: ");
                spell(&once, &KEY[8], (int)tap_below(10));
                if (round % 2)
                        buf_add(&body, buf_str(&once), once.n);
                else
                        spell(&body, buf_str(&once), 1 + (int)tap_below(7));
                buf_puts(&body, " is no key");
                read_error(buf_str(&body));
                buf_clear(&once);
                unspell(out, &once);
                unspell(buf_str(&once), &seen);
                if (!CHECK(!leaks(buf_str(&seen), KEY) && strstr(out, "is no key"))) {
                        printf("# %s\n# gives %s\n", buf_str(&body), out);
                        return;
                }
        }
}

static void short_keys_are_redacted_too(void)
{
        static const struct {
                const char *key, *text, *line;
        } cases[] = {
                { "test-key", "bad key test-key, sorry", "bad key [redacted], sorry" },
                { "test-key", "bad key test-***, sorry", "bad key [redacted], sorry" },
                { "test-key", "bad key te**y, sorry", "bad key te**y, sorry" },
                { "abc", "the key xabcx is bad", "the key [redacted] is bad" },
                { "abc", "the key ab is bad", "the key ab is bad" },
                { "ab/c\"d", "it was ab\\/c\\\"d here", "it was [redacted] here" },
                { "a b c d", "it was a b c d here", "it was [redacted] here" },
                { "", "the key is bad", "the key is bad" },
                { NULL, "the key is bad", "the key is bad" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                redact_line(cases[i].text, strlen(cases[i].text), cases[i].key, out, sizeof(out));
                if (!CHECK(strcmp(out, cases[i].line) == 0))
                        printf("# %s gives %s\n", cases[i].text, out);
        }
}

static void making_a_line_of_it_does_not_bring_the_key_together(void)
{
        /* The white space of the key comes out only when the line is made. */
        redact_line("it was ab \n cd, so", 18, "ab cd", out, sizeof(out));
        CHECK(strcmp(out, "[redacted]") == 0);
}

int main(void)
{
        RUN(the_message_is_found_in_each_form_of_body, "the message is found in each form of body");
        RUN(a_spent_quota_is_told_apart, "a spent quota is told apart");
        RUN(the_message_is_cut_to_the_room, "the message is cut to the room there is");
        RUN(a_key_that_is_echoed_is_redacted, "a key that is echoed is redacted, masked too");
        RUN(no_spelling_of_any_part_of_the_key_gets_through,
            "no spelling of any part of the key gets through");
        RUN(nobody_can_decode_the_key_from_what_is_left,
            "nobody can decode the key from what is left");
        RUN(short_keys_are_redacted_too, "short keys are redacted, too");
        RUN(making_a_line_of_it_does_not_bring_the_key_together,
            "making a line of it does not bring the key together");
        return tap_end();
}
