#include "ctl/conversation.h"
#include "base/mem.h"
#include "ctl/column.h"
#include "ctl/media.h"
#include "ctl/prose.h"
#include "spoken.h"

#include <locale.h>

typedef void speaker(const struct verb *v, const struct json *json);

static bool says(speaker *fn, const char *text, const char *want)
{
        const struct json v = spoken_json(text);
        struct spoken s;

        spoken_begin(&s, true);
        fn(&s.v, &v);
        return spoken_is(&s, want);
}

static void head(void)
{
        CHECK(says(conversation_head,
                   "{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o\",\"created\":1758039177,"
                   "\"usage\":{\"total_tokens\":19,\"completion_tokens\":5,\"prompt_tokens\":14},"
                   "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}},"
                   "{\"function\":{\"name\":\"b\"}}],\"metadata\":{\"a\":\"b\",\"c\":\"d e\"},"
                   "\"choices\":[{\"finish_reason\":\"stop\"},{\"finish_reason\":\"length\"}]}",
                   "  Completion: chatcmpl-1\n"
                   "       Model: gpt-4o\n"
                   "     Created: 2025-09-16 16:12:57 UTC\n"
                   "      Tokens: 14 prompt, 5 answer, 19 in all\n"
                   "      Finish: stop, length\n"
                   "       Tools: get_weather, b\n"
                   "    Metadata: a=b\n"
                   "              c=d e\n"));
        CHECK(says(conversation_head, "{\"id\":\"x\",\"created\":1e99,\"model\":null,\"usage\":7}",
                   "  Completion: x\n"
                   "     Created: 1e99\n"));
        CHECK(says(conversation_head, "{\"id\":\"x\",\"created\":-1,\"metadata\":[1]}",
                   "  Completion: x\n"
                   "     Created: -1\n"));
        CHECK(says(conversation_head,
                   "{\"id\":\"\\u001b[2J\",\"model\":\"a\\u001b]0;x\\u0007b\",\"created\":0,"
                   "\"metadata\":{\"\\u001b[1m\":\"\xc2\x9b\\n\\r\xe2\x80\xae\"}}",
                   "  Completion: \\u001b[2J\n"
                   "       Model: a\\u001b]0;x\\u0007b\n"
                   "     Created: 1970-01-01 00:00:00 UTC\n"
                   "    Metadata: \\u001b[1m=\\u009b...\n"));
}

static void plain(void)
{
        CHECK(says(conversation_message, "{\"role\":\"user\",\"content\":\"Hi\"}",
                   "user:\n    Hi\n"));
        CHECK(says(conversation_message,
                   "{\"role\":\"user\",\"name\":\"Ada\",\"content\":\"a\\n\\n b\\r\\nc\\n\"}",
                   "user (Ada):\n    a\n\n     b\n    c\n"));
        CHECK(says(conversation_message,
                   "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"name\":null,"
                   "\"content\":\"\\tx\\ty\"}",
                   "tool (call_1):\n            x       y\n"));
        CHECK(says(conversation_message, "{\"role\":\"user\",\"content\":\"a\\rb\\r\"}",
                   "user:\n    a\\u000db\\u000d\n"));
        CHECK(says(conversation_message, "{\"role\":\"user\",\"content\":null}", "user:\n"));
        CHECK(says(conversation_message, "{\"role\":\"user\",\"content\":\"\"}", "user:\n"));
        CHECK(says(conversation_message, "{\"role\":7,\"content\":{\"a\":1}}",
                   "7:\n    {\"a\":1}\n"));
        CHECK(says(conversation_message, "{}", "message:\n"));
        CHECK(says(conversation_message, "{\"role\":[\"\xc2\x9b\"]}", "[\"\\u009b\"]:\n"));
        CHECK(says(conversation_message, "{\"role\":\"assistant\",\"refusal\":\"No.\"}",
                   "assistant:\n    [refusal]\n    No.\n"));
}

static void calls(void)
{
        CHECK(says(conversation_message,
                   "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"type\":"
                   "\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":"
                   "\"{\\\"a\\\":1}\"},\"id\":\"call_1\"},{\"id\":\"call_2\",\"custom\":{\"name\":"
                   "\"run\",\"input\":\"ls\\n-l\"}},{}],\"function_call\":{\"name\":\"old\","
                   "\"arguments\":\"\"}}",
                   "assistant:\n"
                   "    call get_weather (call_1)\n"
                   "        {\"a\":1}\n"
                   "    call run (call_2)\n"
                   "        ls\n"
                   "        -l\n"
                   "    call \n"
                   "    call old\n"));
}

static void parts(void)
{
        CHECK(says(
                conversation_message,
                "{\"role\":\"user\",\"content\":\"Whose? \",\"content_parts\":["
                "{\"type\":\"text\",\"text\":\"Whose?\",\"image_url\":null},"
                "{\"type\":\"image_url\",\"text\":null,\"image_url\":{\"url\":"
                "\"data:image\\/png;base64,QUJD\\/+8=\",\"detail\":\"low\"}},"
                "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/\\u001b[2J\","
                "\"detail\":\"auto\"}},"
                "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"QUJDREVGRw==\","
                "\"format\":\"wav\"}},"
                "{\"type\":\"file\",\"file\":{\"filename\":\"a\\nb.pdf\",\"file_data\":"
                "\"data:application/pdf;base64,QUI=\"}},"
                "{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}},"
                "{\"type\":\"refusal\",\"refusal\":\"No\"},{\"type\":\"video\"},7]}",
                "user:\n"
                "    Whose?\n"
                "    [image: image/png, 5B, detail low]\n"
                "    [image: https://x.example/\\u001b[2J]\n"
                "    [audio: wav, 7B]\n"
                "    [file: a..., application/pdf, 2B]\n"
                "    [file: file-1]\n"
                "    [refusal]\n"
                "    No\n"
                "    [video]\n"));
        CHECK(says(conversation_message,
                   "{\"role\":\"assistant\",\"content\":\"Hm\",\"audio\":{\"id\":\"a\",\"data\":"
                   "\"QUJD\",\"transcript\":\"Said\"},\"annotations\":[{\"type\":\"url_citation\","
                   "\"url_citation\":{\"title\":\"T\",\"url\":\"https://y.example/\"}},{}]}",
                   "assistant:\n    Hm\n    [audio: 3B]\n    Said\n"
                   "    [source: T, https://y.example/]\n"));
}

static void answers(void)
{
        CHECK(says(conversation_answer,
                   "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"},"
                   "\"finish_reason\":\"stop\"}]}",
                   "assistant:\n    A\n"));
        CHECK(says(conversation_answer,
                   "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"},"
                   "\"finish_reason\":\"stop\"},{\"message\":{\"role\":\"assistant\",\"content\":"
                   "\"B\"},\"finish_reason\":\"length\"},{},7]}",
                   "assistant, answer 1 of 4:\n    A\n"
                   "assistant, answer 2 of 4, ended by length:\n    B\n"
                   "message, answer 3 of 4:\n"
                   "message, answer 4 of 4:\n"));
        CHECK(says(conversation_answer, "{\"choices\":null}", ""));
        CHECK(says(conversation_answer, "{}", ""));
}

static void changes(void)
{
        CHECK(says(conversation_change,
                   "{\"type\":\"changed\",\"id\":\"x\",\"observed_at\":"
                   "\"2026-11-01T08:30:15.000000Z\",\"last_seen\":\"2026-11-01T08:00:00Z\","
                   "\"version\":2}",
                   "    2026-11-01 08:30:15 UTC  changed: version 2; last seen as before "
                   "2026-11-01 08:00:00 UTC\n"));
        CHECK(says(conversation_change,
                   "{\"type\":\"gone\",\"observed_at\":\"2026-11-01T08:30:15.000000Z\","
                   "\"expired\":true}",
                   "    2026-11-01 08:30:15 UTC  gone: the server does not have it any more; past "
                   "its time to be kept\n"));
        CHECK(says(conversation_change,
                   "{\"type\":\"returned\",\"observed_at\":\"2026-11-01T08:30:15.000000Z\"}",
                   "    2026-11-01 08:30:15 UTC  returned: the server has it again\n"));
        CHECK(says(conversation_change, "{\"type\":\"\\u001b[1m\",\"observed_at\":\"\\u0007\"}",
                   "    \\u0007  \\u001b[1m\n"));
        CHECK(says(conversation_change, "{}", "    ?  \n"));
}

static void texts(void)
{
        struct spoken s;
        struct json v = spoken_json("{\"role\":\"user\",\"content\":\"a\\u001b\\tb\"}");

        CHECK(says(conversation_texts, "{\"content\":\"a\\u001b\"}", "a\\u001b\n"));
        CHECK(says(conversation_texts,
                   "{\"content\":[{\"text\":\"a\"},{\"text\":null},{\"image_url\":{}},"
                   "{\"text\":\"b\"}],\"refusal\":\"No\"}",
                   "a\nb\nNo\n"));
        CHECK(says(conversation_answer_texts,
                   "{\"choices\":[{\"message\":{\"content\":\"A\"}},{\"message\":{\"content\":"
                   "\"B\"}}]}",
                   "A\nB\n"));
        /* No terminal: the bytes as they are. */
        spoken_begin(&s, false);
        conversation_texts(&s.v, &v);
        fclose(s.v.out);
        CHECK(strcmp(s.text, "a\033\tb\n") == 0);
        free(s.text);
}

/* A string of n times `unit`, with its quotes. */
static char *long_string(const char *unit, size_t n)
{
        size_t length = strlen(unit);
        char *s = mem_new(n * length + 3), *p = s;

        *p++ = '"';
        for (size_t i = 0; i < n; i++, p += length)
                memcpy(p, unit, length);
        *p++ = '"';
        *p = '\0';
        return s;
}

static void giants(void)
{
        static const char *const units[] = { "a", "\\u00e9", "\\ud83d\\ude00", "\xe2\x82\xac\\n",
                                             "\xe2\x82\xac" };
        static const char *const plain_units[] = { "a", "\xc3\xa9", "\xf0\x9f\x98\x80",
                                                   "\xe2\x82\xac\n", "\xe2\x82\xac" };

        for (size_t i = 0; i < ELEMENTS(units); i++) {
                _cleanup_free_ char *text = long_string(units[i], 2000000);
                _cleanup_free_ char *plain_text = long_string(plain_units[i], 2000000);
                size_t n = strlen(plain_text) - 2;
                const struct json v = spoken_json(text);
                struct spoken s;

                spoken_begin(&s, false);
                prose_bare(&s.v, &v);
                fclose(s.v.out);
                CHECK(s.n == n && memcmp(s.text, plain_text + 1, n) == 0);
                free(s.text);

                spoken_begin(&s, false);
                prose_put(&s.v, &v, 4);
                CHECK(s.n == 0 || s.text);
                fclose(s.v.out);
                CHECK(s.n == (i == 3 ? n + 2000000 * 4 : n + 5));
                CHECK(!strstr(s.text, "\\x") && !strstr(s.text, "cut after"));
                free(s.text);

                spoken_begin(&s, true);
                prose_put(&s.v, &v, 0);
                fclose(s.v.out);
                CHECK(s.n < PROSE_TERMINAL_MAX + 100 && s.n > PROSE_TERMINAL_MAX - 100);
                CHECK(strstr(s.text, "[cut after 1.0M of ") && !strstr(s.text, "\\x"));
                free(s.text);
        }
}

/* Escapes wherever a piece ends, also within a pair. */
static void cuts(void)
{
        for (unsigned shift = 0; shift < 40; shift++) {
                _cleanup_free_ char *tail = long_string("\\ud83d\\ude00\\\\", 12000);
                _cleanup_free_ char *text = mem_new(strlen(tail) + 64);
                struct spoken s;
                struct json v;

                sprintf(text, "\"%.*s%s", (int)shift,
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", tail + 1);
                v = spoken_json(text);
                spoken_begin(&s, false);
                prose_bare(&s.v, &v);
                fclose(s.v.out);
                CHECK(s.n == shift + 12000 * 5);
                free(s.text);
        }
}

static bool line(const char *text, size_t max, const char *want, bool more)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        const struct json v = spoken_json(text);
        bool was = prose_line(&v, max, &b);

        if (strcmp(buf_str(&b), want) == 0 && was == more)
                return true;
        printf("# %s: came '%s', %d\n", text, buf_str(&b), was);
        return false;
}

static void lines(void)
{
        _cleanup_free_ char *spaces = long_string(" ", 300000);
        _cleanup_free_ char *late = mem_new(100004);
        _cleanup_free_ char *tails = long_string("\x80", 300000);
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json v;

        CHECK(line("\"abc\"", 10, "abc", false));
        CHECK(line("\"abcdefghijkl\"", 4, "abcd", true));
        CHECK(line("\"\\n \\r\\n  a \\t b\\nc\"", 10, "a b", true));
        CHECK(line("\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"", 4, "\xe2\x82\xac\xe2\x82\xac",
                   true));
        CHECK(line("\"\\u001b[2J\"", 10, "\\u001b[2J", false));
        CHECK(line("\"\"", 10, "", false));
        CHECK(line("7", 10, "", false));
        CHECK(line(spaces, 10, "", false));
        sprintf(late, "\"%100000sx\"", "");
        CHECK(line(late, 10, "", false)); /* nobody looks that far */
        v = spoken_json(tails);
        CHECK(prose_line(&v, 8, &b) && b.n < 100);
}

static bool cell(const char *text, size_t width, bool more, bool pad, const char *want)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        column_put(&b, text, strlen(text), width, more, pad);
        if (strcmp(buf_str(&b), want) == 0)
                return true;
        printf("# '%s' in %zu: '%s'\n", text, width, buf_str(&b));
        return false;
}

static void columns(void)
{
        CHECK(column_width("abc", 3) == 3 && column_width("\xe4\xbd\xa0", 3) == 2);
        CHECK(column_width("e\xcc\x81", 3) == 1 && column_width("\xff\xc3", 2) == 2);
        CHECK(cell("abc", 5, false, true, "abc  "));
        CHECK(cell("abc", 5, false, false, "abc"));
        CHECK(cell("abcde", 5, false, true, "abcde"));
        CHECK(cell("abcdef", 5, false, true, "abcd\xe2\x80\xa6"));
        CHECK(cell("abc", 5, true, true, "abc\xe2\x80\xa6 "));
        CHECK(cell("abcde", 5, true, false, "abcd\xe2\x80\xa6"));
        CHECK(cell("\xe4\xbd\xa0\xe5\xa5\xbd", 3, false, true, "\xe4\xbd\xa0\xe2\x80\xa6"));
        CHECK(cell("\xe4\xbd\xa0\xe5\xa5\xbd\xe5\xa5\xbd", 4, false, true,
                   "\xe4\xbd\xa0\xe2\x80\xa6 "));
        CHECK(cell("abc", 1, false, false, "\xe2\x80\xa6"));
        CHECK(cell("abc", 0, false, false, ""));
        CHECK(cell("", 2, false, true, "  "));
}

static void media(void)
{
        static const struct {
                const char *url, *want;
        } cases[] = {
                { "\"data:image/png;base64,QUJD\"", "image/png, 3B" },
                { "\"DATA:image/png;base64,QUI=\"", "image/png, 2B" },
                { "\"data:text/plain;charset=utf-8;base64,QQ==\"", "text/plain;charset=utf-8, 1B" },
                { "\"data:,a%20b\"", "text/plain, 3B" },
                { "\"data:,%%%%\"", "text/plain, 4B" },
                { "\"data:image/\\u001b[2J;base64,\"", "image/\\u001b[2J, 0B" },
                { "\"data:image/png\"", "data:image/png" },
                { "\"https://x.example/a?b\"", "https://x.example/a?b" },
                { "\"\"", "" },
                { "7", "?" },
        };
        _cleanup_free_ char *text = long_string("QUJD", 1000000);
        _cleanup_free_ char *long_url = long_string("x", 5000);
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct json v;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                v = spoken_json(cases[i].url);
                buf_clear(&b);
                media_url(&v, &b);
                if (!CHECK(strcmp(buf_str(&b), cases[i].want) == 0))
                        printf("# %s: %s\n", cases[i].url, buf_str(&b));
        }
        v = spoken_json(text);
        buf_clear(&b);
        media_size(&v, &b);
        CHECK(strcmp(buf_str(&b), "2.9M") == 0);
        v = spoken_json(long_url);
        buf_clear(&b);
        media_url(&v, &b);
        CHECK(b.n > 1000 && b.n < 1100 && strcmp(b.p + b.n - 3, "...") == 0);
}

/* Any JSON at all: nothing that a terminal obeys (spoken_is looks), and no crash. */
static void anything(void)
{
        static const char *const bits[] = {
                "null",
                "7",
                "\"\\u001b[31m\"",
                "\"\xc2\x9b\"",
                "[]",
                "{}",
                "true",
                "[{\"type\":\"text\",\"text\":\"\\u0007\"}]",
                "\"data:\\u001b;base64,x\"",
                "[{\"id\":\"\\u001b\",\"function\":{\"name\":\"\\u001b\",\"arguments\":7}}]",
                "{\"url\":\"\\u001b\"}",
                "[{\"message\":{\"content\":\"\\u001b\"}}]",
        };
        static const char *const keys[] = {
                "id",           "role",          "content",     "content_parts", "name",
                "tool_calls",   "function_call", "refusal",     "audio",         "annotations",
                "choices",      "usage",         "metadata",    "tools",         "created",
                "model",        "type",          "observed_at", "version",       "last_seen",
                "tool_call_id",
        };
        static speaker *const all[] = { conversation_head,   conversation_message,
                                        conversation_answer, conversation_change,
                                        conversation_texts,  conversation_answer_texts };

        for (int round = 0; round < 5000; round++) {
                _cleanup_buf_ struct buf b = BUF_INIT;

                buf_puts(&b, "{\"x\":0");
                for (unsigned i = tap_below(8); i > 0; i--)
                        buf_printf(&b, ",\"%s\":%s", keys[tap_below(ELEMENTS(keys))],
                                   bits[tap_below(ELEMENTS(bits))]);
                buf_putc(&b, '}');
                for (size_t i = 0; i < ELEMENTS(all); i++)
                        if (!CHECK(says(all[i], buf_str(&b), NULL)))
                                printf("# %s\n", buf_str(&b));
        }
}

int main(void)
{
        setlocale(LC_CTYPE, "C.UTF-8");
        unsetenv("TERM");
        RUN(head, "the lines on top, and nothing raw in them");
        RUN(plain, "a message: role, name, text behind its indent");
        RUN(calls, "calls of tools with their arguments");
        RUN(parts, "parts: texts, images, sounds, files, a line each");
        RUN(answers, "several answers are numbered, an odd end is told");
        RUN(changes, "what became of it");
        RUN(texts, "the texts alone, raw only where no terminal reads them");
        RUN(giants, "a long text is whole in a pipe and cut on a terminal");
        RUN(cuts, "an escape is never cut");
        RUN(lines, "the first line of a text, and no more of it than was asked for");
        RUN(columns, "columns: wide characters, dots, padding");
        RUN(media, "images by type and size");
        RUN(anything, "whatever JSON it is, no control character comes out");
        return tap_end();
}
