#include "calls.h"
#include "wire/api_ending.h"

/* --- what goes out ------------------------------------------------------------------------ */

static char asked[16][SERVED_HEAD_MAX];

static void answer_and_note(struct served_request *r, void *ctx)
{
        snprintf(asked[r->number % 16], sizeof(asked[0]), "%s", r->head);
        served_answer(r, 200, "", ctx ? ctx : PAGE_0);
}

static const char *line_of(const char *head)
{
        static char line[SERVED_HEAD_MAX];

        snprintf(line, sizeof(line), "%.*s", (int)strcspn(head, "\r"), head);
        return line;
}

static void the_urls_say_everything_and_are_encoded(void)
{
        static const char *const metadata[] = { "team=a b", "k&y[]=v=\xc3\xa4?", "bare", NULL };
        static const struct {
                struct api_query query;
                const char *line;
        } cases[] = {
                { { .kind = PAGE_LIST, .limit = 100 },
                  "GET /v1/chat/completions?limit=100&order=desc HTTP/1.1" },
                { { .kind = PAGE_LIST,
                    .limit = 7,
                    .order = API_ASC,
                    .after = "chatcmpl-1",
                    .model = "gpt-4o/x",
                    .metadata = metadata },
                  "GET /v1/chat/completions?limit=7&order=asc&after=chatcmpl-1&model=gpt-4o%2Fx"
                  "&metadata%5Bteam%5D=a%20b&metadata%5Bk%26y%5B%5D%5D=v%3D%C3%A4%3F"
                  "&metadata%5Bbare%5D= HTTP/1.1" },
                { { .kind = PAGE_MESSAGES, .id = "chatcmpl-1", .limit = 100, .order = API_ASC },
                  "GET /v1/chat/completions/chatcmpl-1/messages?limit=100&order=asc HTTP/1.1" },
                { { .kind = PAGE_MESSAGES, .id = "a/b?c#d", .limit = 1, .after = "m&=0" },
                  "GET /v1/chat/completions/a%2Fb%3Fc%23d/messages?limit=1&order=desc"
                  "&after=m%26%3D0 HTTP/1.1" },
                { { .kind = PAGE_ONE, .id = "../x\n" },
                  "GET /v1/chat/completions/..%2Fx%0A HTTP/1.1" },
                { { .kind = PAGE_ONE, .id = ".." }, "GET /v1/chat/completions/%2E%2E HTTP/1.1" },
        };
        struct served *s = served_start(answer_and_note, NULL);

        api_open(s, RETRY_DAEMON);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct call *c = call_new();

                call_query(c, &cases[i].query);
                CHECK(turn_until(&c->done, 1));
                if (!CHECK(strcmp(line_of(asked[i]), cases[i].line) == 0))
                        printf("# %s\n", line_of(asked[i]));
                free(c);
        }
        api_close();
        served_stop(s);
}

static void extra_query_comes_last_as_it_is(void)
{
        struct served *s = served_start(answer_and_note, NULL);
        struct call *c;

        api_open_with(s->port, (struct api_config){ .extra_query = "api-version=2024%2f1&x" });
        free(call());
        c = call_new();
        call_one(c);
        CHECK(turn_until(&c->done, 1));
        CHECK(strcmp(line_of(asked[0]), "GET /v1/chat/completions?limit=100&order=desc"
                                        "&api-version=2024%2f1&x HTTP/1.1") == 0);
        CHECK(strcmp(line_of(asked[1]), "GET /v1/chat/completions/chatcmpl-1"
                                        "?api-version=2024%2f1&x HTTP/1.1") == 0);
        free(c);
        api_close();
        served_stop(s);
}

static void the_headers_carry_the_key_and_the_account(void)
{
        struct served *s = served_start(answer_and_note, NULL);

        api_open(s, RETRY_DAEMON);
        free(call());
        CHECK(strstr(asked[0], "\r\nAuthorization: Bearer " KEY "\r\n"));
        CHECK(strstr(asked[0], "\r\nAccept: application/json\r\n"));
        CHECK(!strstr(asked[0], "OpenAI-") && !strstr(asked[0], "api-key"));
        api_close();

        api_open_with(s->port, (struct api_config){ .auth = API_KEY_HEADER,
                                                    .organization = "org-1",
                                                    .project = "proj_1" });
        free(call());
        CHECK(strstr(asked[1], "\r\napi-key: " KEY "\r\n"));
        CHECK(!strstr(asked[1], "Authorization"));
        CHECK(strstr(asked[1], "\r\nOpenAI-Organization: org-1\r\n"));
        CHECK(strstr(asked[1], "\r\nOpenAI-Project: proj_1\r\n"));
        api_close();
        served_stop(s);
}

static void a_request_that_cannot_be_made_ends_as_denied(void)
{
        struct call *c;

        api_open_with(1, (struct api_config){ .extra_query = "a b\n" });
        c = call();
        CHECK(c->reply.outcome == API_DENIED && c->reply.err.kind == ERR_CONFIG);
        CHECK(requests_told == 0);
        free(c);
        api_close();
}

/* --- pages -------------------------------------------------------------------------------- */

static void a_page_arrives_with_what_the_server_says_of_it(void)
{
        static const struct script script[] = {
                SAYS(200,
                     "x-request-id: req_1\r\nopenai-project: proj_1\r\n"
                     "Date: Sun, 22 Nov 2026 08:00:00 GMT\r\n",
                     PAGE_2),
        };
        unsigned requests;
        struct call *c = call_script(script, 1, RETRY_DAEMON, &requests);

        CHECK(c->reply.outcome == API_OK && c->reply.status == 200 && requests == 1);
        CHECK(c->reply.page.records == 2 && c->reply.page.has_more && c->records == 2);
        CHECK(strcmp(c->text, RECORD_1 "\n" RECORD_2 "\n") == 0);
        CHECK(strcmp(c->reply.request_id, "req_1") == 0);
        CHECK(strcmp(c->reply.project, "proj_1") == 0);
        CHECK(c->reply.date == 1795334400);
        CHECK(c->restarts == 1 && retries_told == 0 && requests_told == 1);
        CHECK(strcmp(api_reason(&c->reply), "") == 0);
        free(c);
}

static void an_empty_last_page_and_a_single_record_are_well(void)
{
        static const struct script empty[] = { SAYS(200, "", PAGE_0) };
        unsigned requests;
        struct call *c = call_script(empty, 1, RETRY_DAEMON, &requests);
        struct served *s = served_start(answer_and_note, (void *)(uintptr_t)RECORD_1);

        CHECK(c->reply.outcome == API_OK && c->reply.page.records == 0);
        CHECK(!c->reply.page.has_more && requests == 1);
        free(c);

        api_open(s, RETRY_DAEMON);
        c = call_new();
        call_one(c);
        CHECK(turn_until(&c->done, 1));
        CHECK(c->reply.outcome == API_OK && c->reply.page.records == 1);
        CHECK(strcmp(c->text, RECORD_1 "\n") == 0);
        free(c);
        api_close();
        served_stop(s);
}

static void a_page_that_is_not_well_formed_is_not_asked_for_again(void)
{
        static const char *const bodies[] = {
                "<html>", "[]", "{\"object\":\"list\",\"data\":[]}",
                "{\"object\":\"list\",\"data\":[{\"id\":1}],\"has_more\":false}", PAGE_0 PAGE_0
        };

        for (size_t i = 0; i < ELEMENTS(bodies); i++) {
                struct script script = SAYS(200, "retry-after-ms: 1\r\n", bodies[i]);
                unsigned requests;
                struct call *c = call_script(&script, 1, RETRY_DAEMON, &requests);

                if (!CHECK(c->reply.outcome == API_MALFORMED && requests == 1))
                        printf("# %s\n", bodies[i]);
                CHECK(c->reply.err.kind == ERR_SOURCE && *c->reply.err.text);
                CHECK(strcmp(api_reason(&c->reply), "malformed") == 0);
                free(c);
        }
}

/* "{" and then no end of what cannot follow. */
static void answer_endless(struct served_request *r, void *ctx)
{
        char filler[4096];

        memset(filler, '!', sizeof(filler));
        served_say(r, "HTTP/1.1 %s X\r\nContent-Length: 1000000000000\r\n\r\n{", (const char *)ctx);
        while (!r->last)
                served_write(r, filler, sizeof(filler));
}

static void a_body_is_read_no_further_than_it_is_of_use(void)
{
        struct served *s = served_start(answer_endless, (void *)(uintptr_t) "200");
        struct call *c;

        api_open(s, RETRY_DAEMON);
        c = call();
        CHECK(c->reply.outcome == API_MALFORMED && c->reply.err.kind == ERR_SOURCE);
        free(c);
        api_close();
        served_stop(s);

        s = served_start(answer_endless, (void *)(uintptr_t) "400");
        api_open(s, RETRY_DAEMON);
        c = call();
        CHECK(c->reply.outcome == API_REFUSED && strstr(c->reply.err.text, "{!!!!"));
        free(c);
        api_close();
        served_stop(s);
}

static void a_sink_that_stops_is_told_apart_from_a_bad_page(void)
{
        static const char *const steps[] = { "begin", "bytes", "end" };
        static const struct script script[] = { SAYS(200, "", PAGE_2) };
        struct scripted scripted = { .script = script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);

        api_open(s, RETRY_DAEMON);
        for (size_t i = 0; i < ELEMENTS(steps); i++) {
                for (int stop = -1; stop <= 7; stop += 8) {
                        struct call *c = call_new();

                        c->stop_in = steps[i];
                        c->stop = stop;
                        call_list(c);
                        CHECK(turn_until(&c->done, 1));
                        CHECK(c->reply.outcome == API_STOPPED && c->reply.sink == stop);
                        CHECK(c->reply.status == 200 && *c->reply.err.text);
                        CHECK(stop > 0 || (c->reply.err.kind == ERR_HOST &&
                                           strcmp(c->reply.err.text, "the sink is full") == 0));
                        CHECK(strcmp(api_reason(&c->reply), "stopped") == 0);
                        free(c);
                }
        }
        CHECK(s->requests == 6);
        api_close();
        served_stop(s);
}

/* --- other statuses ----------------------------------------------------------------------- */

static void each_status_has_its_outcome_its_text_and_its_remedy(void)
{
        static const struct {
                struct script script;
                enum api_outcome outcome;
                const char *reason, *text;
        } cases[] = {
                { SAYS(401, "", "{\"error\":{\"message\":\"Bad key.\"}}"), API_DENIED, "refused",
                  "the server refuses the key (401): Bad key.; check the key" },
                { SAYS(403, "", ""), API_DENIED, "refused",
                  "the server forbids it (403); check what the key and its project may read" },
                { SAYS(405, "", "no"), API_DENIED, "refused",
                  "the server does not take such requests (405): no; check BaseURL=" },
                { SAYS(302, "Location: https://u:p@example.org:8443/v2?k\r\n", ""), API_DENIED,
                  "refused",
                  "the server redirects to example.org:8443 (302); set BaseURL= to the right "
                  "place" },
                { SAYS(307, "Location: /v2//x\r\n", "moved"), API_DENIED, "refused",
                  "the server redirects (307): moved; set BaseURL= to the right place" },
                { SAYS(304, "", ""), API_DENIED, "refused",
                  "the server redirects (304); set BaseURL= to the right place" },
                { SAYS(404, "", "{\"detail\":\"Gone\"}"), API_MISSING, "missing",
                  "the server does not know it (404): Gone" },
                { SAYS(400, "", "{\"error\":\"limit\"}"), API_REFUSED, "rejected",
                  "the server refuses the request (400): limit" },
                { SAYS(410, "", ""), API_REFUSED, "rejected",
                  "the server refuses the request (410)" },
                { SAYS(422, "", ""), API_REFUSED, "rejected",
                  "the server refuses the request (422)" },
                { SAYS(429, "", "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"m\"}}"),
                  API_LIMITED, "limited",
                  "no quota is left (429): m; see the account's plan and billing" },
                { SAYS(503, "x-should-retry: false\r\n", ""), API_OUTAGE, "server",
                  "the server failed (503)" },
                { SAYS(201, "", PAGE_2), API_MALFORMED, "malformed",
                  "the server answers with another status than 200 (201)" },
                { SAYS(206, "x-should-retry: true\r\n", PAGE_2), API_MALFORMED, "malformed",
                  "the server answers with another status than 200 (206)" },
                { SAYS(204, "", ""), API_MALFORMED, "malformed",
                  "the server answers with another status than 200 (204)" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                unsigned requests;
                struct call *c = call_script(&cases[i].script, 1, RETRY_DAEMON, &requests);

                CHECK(c->reply.outcome == cases[i].outcome && requests == 1);
                CHECK(c->reply.status == cases[i].script.status);
                CHECK(strcmp(api_reason(&c->reply), cases[i].reason) == 0);
                CHECK(c->records == 0 && c->reply.page.records == 0);
                if (!CHECK(strncmp(c->reply.err.text, cases[i].text, strlen(cases[i].text)) == 0))
                        printf("# %s\n", c->reply.err.text);
                free(c);
        }
}

static void a_certificate_that_is_refused_needs_a_person(void)
{
        struct api_ending ending = { .trust = true, .problem = "self-signed certificate" };
        struct retry_case retry = { 0 };
        struct err e;

        CHECK(api_ending_outcome(&ending) == API_DENIED);
        CHECK(!api_ending_retry(&ending, &retry));
        api_ending_err(&ending, 0, 0, &e);
        CHECK(e.kind == ERR_SOURCE);
        CHECK(strstr(e.text, "self-signed certificate") && strstr(e.text, "CAFile="));
}

/* --- secrets ------------------------------------------------------------------------------ */

static void check_texts(int status, const char *key, const char *before, const char *behind)
{
        char body[512], fields[512];
        struct script script = SAYS(status, fields, body);
        struct scripted scripted = { .script = &script, .n = 1 };
        struct served *s = served_start(answer_script, &scripted);
        struct call *c;

        snprintf(body, sizeof(body), "%s%s%s", before, key, behind);
        snprintf(fields, sizeof(fields),
                 "x-request-id: req-%s\r\nopenai-project: %s\r\nretry-after-ms: 1\r\n"
                 "Location: https://%s.example/\r\n",
                 key, key + 1, key);
        api_open_with(s->port, (struct api_config){ .key = key, .manner = RETRY_ONCE });
        c = call();
        CHECK(!leaks(c->reply.err.text, key) && !leaks(problem_told, key));
        CHECK(!leaks(c->reply.request_id, key) && !leaks(id_told, key));
        CHECK(!leaks(c->reply.project, key));
        CHECK(strstr(c->reply.err.text, "[redacted]") && strstr(c->reply.err.text, "Bye"));
        CHECK(*c->reply.request_id && *c->reply.project);
        CHECK(status != 503 || strstr(problem_told, "[redacted]"));
        free(c);
        api_close();
        served_stop(s);
}

static void no_text_that_leaves_has_a_part_of_the_key(void)
{
        static const char *const keys[] = { KEY, "test-key", "azureKey0123456789abcdefABCDEF==" };
        static const struct {
                const char *before, *behind;
        } shapes[] = {
                { "{\"error\":{\"message\":\"Incorrect API key provided: ", ". Bye\"}}" },
                { "{\"error\":{\"message\":\"Bad key: \\u0022", "\\u0022. Bye\"}}" },
                { "Authorization=Bearer%20", " Bye" },
                { "<p>key <b>", "</b> Bye</p>" },
                { "{\"never\":\"closed ", " Bye" },
        };

        for (size_t k = 0; k < ELEMENTS(keys); k++) {
                for (size_t i = 0; i < ELEMENTS(shapes); i++) {
                        check_texts(401, keys[k], shapes[i].before, shapes[i].behind);
                        check_texts(302, keys[k], shapes[i].before, shapes[i].behind);
                        check_texts(503, keys[k], shapes[i].before, shapes[i].behind);
                }
        }
}

int main(void)
{
        RUN(the_urls_say_everything_and_are_encoded, "the URLs say everything, and are encoded");
        RUN(extra_query_comes_last_as_it_is, "ExtraQuery comes last, as it is");
        RUN(the_headers_carry_the_key_and_the_account, "the headers carry the key and the account");
        RUN(a_request_that_cannot_be_made_ends_as_denied,
            "a request that cannot be made ends as denied");
        RUN(a_page_arrives_with_what_the_server_says_of_it,
            "a page arrives, with what the server says of it");
        RUN(an_empty_last_page_and_a_single_record_are_well,
            "an empty last page and a single record are well");
        RUN(a_page_that_is_not_well_formed_is_not_asked_for_again,
            "a page that is not well-formed is not asked for again");
        RUN(a_body_is_read_no_further_than_it_is_of_use,
            "a body is read no further than it is of use");
        RUN(a_sink_that_stops_is_told_apart_from_a_bad_page,
            "a sink that stops is told apart from a bad page");
        RUN(each_status_has_its_outcome_its_text_and_its_remedy,
            "each status has its outcome, its text and its remedy");
        RUN(a_certificate_that_is_refused_needs_a_person,
            "a certificate that is refused needs a person");
        RUN(no_text_that_leaves_has_a_part_of_the_key, "no text that leaves has a part of the key");
        return tap_end();
}
