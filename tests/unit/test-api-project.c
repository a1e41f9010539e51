/* Whose answers are taken. */
#include "base/buf.h"
#include "calls.h"

static const struct script mine = SAYS(200, "openai-project: proj_1\r\n", PAGE_2);
static const struct script silent = SAYS(200, "", PAGE_2);

static unsigned taken; /* pieces that the sink got */

static void on_piece(struct call *c)
{
        (void)c;
        taken++;
}

/* One list request; `project`: what is expected. */
static struct call *call_expecting(const struct script *script, const char *project)
{
        struct scripted scripted = { .script = script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c = call_new();

        api_open(s, RETRY_ONCE);
        api_set_project(api, project);
        taken = 0;
        c->on_bytes = on_piece;
        call_list(c);
        CHECK(turn_until(&c->done, 1));
        CHECK(s->requests == 1);
        api_close();
        served_stop(s);
        return c;
}

static void an_answer_of_another_project_is_refused_before_a_byte_of_it_is_taken(void)
{
        static const struct script strangers[] = {
                SAYS(200, "OpenAI-Project: proj_2\r\n", PAGE_2),
                SAYS(200, "openai-project: proj_12\r\n", PAGE_0),
                SAYS(200, "openai-project: PROJ_1\r\n", ""),
                SAYS(404, "openai-project: proj\r\n", "{}"),
                SAYS(404, "openai-project: proj_2\r\n", ""),
        };

        for (size_t i = 0; i < ELEMENTS(strangers); i++) {
                struct call *c = call_expecting(&strangers[i], "proj_1");

                if (!CHECK(c->reply.outcome == API_STRANGER))
                        printf("# %zu\n", i);
                CHECK(c->records == 0 && c->n == 0 && c->reply.err.kind == ERR_SOURCE);
                CHECK(strcmp(api_reason(&c->reply), "project") == 0);
                CHECK(strstr(c->reply.err.text, " project proj_1;"));
                CHECK(strstr(c->reply.err.text, " project proj") &&
                      strstr(c->reply.err.text, "key"));
                free(c);
        }
}

/* Of a long body much comes before its end. */
static void nor_is_a_byte_of_a_long_one(void)
{
        struct buf body = BUF_INIT;
        struct script script = { .status = 200 };
        struct call *c;

        buf_puts(&body, "{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"created\":1,\"x\":\"");
        for (unsigned i = 0; i < 400000; i++)
                buf_putc(&body, 'x');
        buf_puts(&body, "\"}],\"has_more\":false}");
        script.body = buf_str(&body);
        for (int strange = 0; strange < 2; strange++) {
                script.fields = strange ? "openai-project: proj_2\r\n" : "";
                c = call_expecting(&script, "proj_1");
                CHECK(c->reply.outcome == (strange ? API_STRANGER : API_OK));
                CHECK((taken == 0) == strange);
                free(c);
        }
        buf_done(&body);
}

static void an_answer_of_the_project_or_of_none_is_taken(void)
{
        static const struct {
                const struct script *script;
                const char *project;
        } cases[] = { { &mine, "proj_1" }, { &silent, "proj_1" }, { &mine, "" }, { &mine, NULL } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct call *c = call_expecting(cases[i].script, cases[i].project);

                CHECK(c->reply.outcome == API_OK && c->records == 2);
                free(c);
        }
}

/* What a reply said of its project is what is expected from then on, even where it was redacted. */
static void what_a_reply_says_of_the_project_can_be_expected(void)
{
        static const struct script script = SAYS(200, "openai-project: x-Ab3dE6gH9\r\n", PAGE_2);
        struct scripted scripted = { .script = &script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c;

        api_open(s, RETRY_ONCE);
        c = call();
        CHECK(*c->reply.project && !leaks(c->reply.project, KEY));
        api_set_project(api, c->reply.project);
        free(c);
        c = call();
        CHECK(c->reply.outcome == API_OK);
        free(c);
        api_close();
        served_stop(s);
}

int main(void)
{
        RUN(an_answer_of_another_project_is_refused_before_a_byte_of_it_is_taken,
            "an answer of another project is refused before a byte of it is taken");
        RUN(nor_is_a_byte_of_a_long_one, "nor is a byte of a long one");
        RUN(an_answer_of_the_project_or_of_none_is_taken,
            "an answer of the project, or of none that it says, is taken");
        RUN(what_a_reply_says_of_the_project_can_be_expected,
            "what a reply says of the project can be expected from then on");
        return tap_end();
}
