#include "ctl/tuning.h"
#include "ctl/message.h"
#include "spoken.h"

#include "base/buf.h"

static int put(void *ctx, const char *p, size_t n)
{
        buf_add(ctx, p, n);
        return 0;
}

static bool message(const char *text, const char *want)
{
        const struct json v = spoken_json(text);
        _cleanup_buf_ struct buf b = BUF_INIT;
        int r = tuning_message(&v, put, &b);
        struct json back;

        if (want && r == 0 && strcmp(buf_str(&b), want) == 0)
                return json_parse(b.p, b.n, &back) == 0;
        if (!want)
                return r == -1 && b.n == 0;
        printf("# %d: wanted\n# %s came\n# %s\n", r, want, buf_str(&b));
        return false;
}

static bool answer(const char *completion, const char *text, const char *want)
{
        const struct json c = spoken_json(completion), v = spoken_json(text);
        _cleanup_buf_ struct buf b = BUF_INIT;
        int r = tuning_answer(&c, &v, put, &b);

        if (want && r == 0 && strcmp(buf_str(&b), want) == 0)
                return true;
        if (!want)
                return r == -1 && b.n == 0;
        printf("# %d: wanted\n# %s came\n# %s\n", r, want, buf_str(&b));
        return false;
}

static void prompts(void)
{
        CHECK(message("{\"completion_id\":\"c\",\"id\":\"c-0\",\"role\":\"user\",\"content\":"
                      "\"a\\u00e9\\/\",\"content_parts\":null,\"name\":null}",
                      "{\"role\":\"user\",\"content\":\"a\\u00e9\\/\"}"));
        CHECK(message("{\"content\":\"x\",\"name\":\"Ada\",\"\\u0069d\":\"c-0\",\"role\":"
                      "\"system\",\"weight\":1.0}",
                      "{\"role\":\"system\",\"content\":\"x\",\"name\":\"Ada\",\"weight\":1.0}"));
        CHECK(message("{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"7\"}",
                      "{\"role\":\"tool\",\"content\":\"7\",\"tool_call_id\":\"call_1\"}"));
        CHECK(message("{\"role\":\"user\",\"role\":\"system\",\"content\":1,\"content\":\"b\"}",
                      "{\"role\":\"system\",\"content\":\"b\"}"));
        CHECK(message("{}", "{\"role\":\"assistant\"}"));
        CHECK(message("[]", NULL));
        CHECK(message("\"x\"", NULL));
}

static void parts(void)
{
        CHECK(message("{\"role\":\"user\",\"content\":\"text\",\"content_parts\":[{\"type\":"
                      "\"text\",\"text\":\"Who?\",\"image_url\":null,\"file\":null},{\"type\":"
                      "\"image_url\",\"text\":null,\"image_url\":{\"url\":\"data:,x\",\"detail\":"
                      "null}},7]}",
                      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Who?\"},"
                      "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,x\",\"detail\":null}"
                      "},7]}"));
        CHECK(message("{\"content\":[],\"role\":\"user\"}", "{\"role\":\"user\",\"content\":[]}"));
        CHECK(message("{\"content\":[{}],\"role\":\"user\"}",
                      "{\"role\":\"user\",\"content\":[{}]}"));
        CHECK(message("{\"content\":[{\"a\":1,\"b\":null,\"c\":2},{\"d\":3}]}",
                      "{\"role\":\"assistant\",\"content\":[{\"a\":1,\"c\":2},{\"d\":3}]}"));
}

static void answers(void)
{
        CHECK(answer("{\"id\":\"c\",\"tools\":[{\"type\":\"function\"}],\"parallel_tool_calls\":"
                     "false,\"functions\":null,\"seed\":1}",
                     "{\"content\":null,\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\","
                     "\"function\":{\"arguments\":\"{\"}}],\"function_call\":null,\"annotations\":"
                     "[]}",
                     "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\",\"function\":{"
                     "\"arguments\":\"{\"}}]}],\"tools\":[{\"type\":\"function\"}],"
                     "\"parallel_tool_calls\":false}\n"));
        CHECK(answer("{\"tools\":null,\"functions\":[1]}",
                     "{\"content\":\"a\",\"role\":\"assistant\",\"function_call\":{\"name\":\"f\"},"
                     "\"refusal\":null}",
                     "{\"role\":\"assistant\",\"content\":\"a\",\"function_call\":{\"name\":\"f\"}"
                     "}],\"functions\":[1]}\n"));
        CHECK(answer("{}", "{\"content\":\"a\"}",
                     "{\"role\":\"assistant\",\"content\":\"a\"}]}\n"));
        CHECK(answer("{}", "null", NULL));
}

static int until;

static int stop(void *ctx, const char *p, size_t n)
{
        (void)p, (void)n;
        return ++*(int *)ctx == until ? 7 : 0;
}

static void ended(void)
{
        const struct json v = spoken_json("{\"role\":\"user\",\"content\":[{\"a\":1}],\"x\":2}");

        for (until = 1; until <= 12; until++) {
                int calls = 0;

                CHECK(tuning_message(&v, stop, &calls) == 7 && calls == until);
        }
}

static void choices(void)
{
        const struct json v = spoken_json("[{\"message\":{\"a\":1}},{},7,{\"message\":2}]");
        const struct json none = { .type = JSON_NULL };
        struct json choice, text;
        size_t at = 0, n = 0, objects = 0;

        while (message_choice(&v, &at, &choice, &text)) {
                n++;
                objects += text.type == JSON_OBJECT;
        }
        CHECK(n == 4 && objects == 1);
        at = 0;
        CHECK(!message_choice(&none, &at, &choice, &text));
}

int main(void)
{
        RUN(prompts, "a message keeps its values verbatim, without what was put around them");
        RUN(parts, "parts are the content, without their nulls");
        RUN(answers, "an answer closes the line, with the tools");
        RUN(ended, "whoever takes the pieces may end it");
        RUN(choices, "each choice comes, also one without a message");
        return tap_end();
}
