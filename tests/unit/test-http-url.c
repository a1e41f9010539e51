#include "fetch.h"

static void only_good_base_urls_pass(void)
{
        static const char *const good[] = {
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/",
                "HTTPS://API.OPENAI.COM",
                "https://example.org:8443/openai/v1",
                "https://[2001:db8::1]:8443/v1",
                "http://localhost:8080/v1",
                "http://LocalHost",
                "http://127.0.0.1:1/v1",
                "http://127.255.255.254/v1",
                "http://[::1]:8080/v1",
        };
        static const char *const plain[] = { "http://example.org/v1",
                                             "http://localhost.example.org/v1",
                                             "http://128.0.0.1/v1",
                                             "http://127.0.0.1.example.org/v1",
                                             "http://[::2]/v1",
                                             "http://[::ffff:10.0.0.1]/v1",
                                             "http://localhost.:80x/v1",
                                             "http://10.0.0.1/v1",
                                             "http://2130706434.example/v1" };
        static const char *const bad[] = {
                "",
                "api.openai.com/v1",
                "//api.openai.com/v1",
                "https:api.openai.com",
                "https:/api.openai.com",
                "https://",
                "https:///v1",
                "ftp://example.org/v1",
                "file:///etc/passwd",
                "file://localhost/etc/passwd",
                "https://user@example.org/v1",
                "https://user:secret@example.org/v1",
                "https:/example.org/x://v1",
                "https:/user:secret@example.org/x://v1",
                "https:user:secret@example.org/x://v1",
                "https://@example.org/v1",
                "http://user@localhost/v1",
                "https://example.org\\@evil/v1",
                "https://example.org/v1?a=b",
                "https://example.org/v1?",
                "https://example.org/v1#a",
                "https://example.org/v1#",
                "https://example .org/v1",
                "https://example.org:99999/v1",
                "https://example.org:x/v1",
                "https://exam\nple.org/v1",
                " https://example.org/v1",
        };
        struct err e;

        for (size_t i = 0; i < ELEMENTS(good); i++)
                if (!CHECK(http_check_url(good[i], false, &e) == 0))
                        printf("# %s: %s\n", good[i], e.text);
        for (size_t i = 0; i < ELEMENTS(plain); i++) {
                e = (struct err){ 0 };
                if (!CHECK(http_check_url(plain[i], false, &e) < 0 && e.kind == ERR_CONFIG))
                        printf("# %s\n", plain[i]);
        }
        CHECK(http_check_url("http://example.org/v1", true, &e) == 0);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                e = (struct err){ 0 };
                if (!CHECK(http_check_url(bad[i], true, &e) < 0 && e.kind == ERR_CONFIG && *e.text))
                        printf("# %s\n", bad[i]);
                CHECK(!strstr(e.text, "secret"));
        }
}

static void a_request_that_must_not_be_made_is_refused_at_the_start(void)
{
        static const char *const urls[] = { "http://example.org/", "file:///etc/passwd",
                                            "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "x" };
        static const char *const split[] = { "X-Key: sesame\r\nX-More: y", NULL };
        struct fetch *f = mem_new(sizeof(*f));
        struct err e;

        client_open(1, NULL, false);
        for (size_t i = 0; i < ELEMENTS(urls); i++) {
                e = (struct err){ 0 };
                CHECK(fetch_start_url(f, urls[i], NULL, &e) < 0 && e.kind == ERR_CONFIG);
        }
        e = (struct err){ 0 };
        CHECK(fetch_start_url(f, "http://127.0.0.1:1/", split, &e) < 0 && e.kind == ERR_CONFIG);
        CHECK(!strstr(e.text, "sesame"));
        turn_idle();
        CHECK(f->done == 0);
        client_close();
        free(f);
}

static void a_ca_file_that_cannot_be_read_is_told_at_the_start(void)
{
        struct http_config config = { .ca_file = "/nonexistent/ca.pem", .user_agent = "x" };
        struct http *h = NULL;
        struct err e = { 0 };

        sd_event_new(&loop);
        CHECK(http_new(loop, &config, &h, &e) < 0);
        CHECK(!h && e.kind == ERR_CONFIG && strstr(e.text, "/nonexistent/ca.pem"));
        loop = sd_event_unref(loop);
}

int main(void)
{
        RUN(only_good_base_urls_pass, "only good base URLs pass");
        RUN(a_request_that_must_not_be_made_is_refused_at_the_start,
            "a request that must not be made is refused at the start");
        RUN(a_ca_file_that_cannot_be_read_is_told_at_the_start,
            "a CA file that cannot be read is told at the start");
        return tap_end();
}
