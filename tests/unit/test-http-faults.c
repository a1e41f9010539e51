#include "fetch.h"

/* --- cuts --------------------------------------------------------------------------------- */

#define LENGTH "HTTP/1.1 200 OK\r\nx-request-id: r\r\nContent-Length: 12\r\n\r\nhello, world"
#define CHUNKED                                                                                  \
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-request-id: r\r\n\r\n5\r\nhello\r\n" \
        "7\r\n, world\r\n0\r\nx-trailer: t\r\n\r\n"
#define INTERIM "HTTP/1.1 103 Early Hints\r\nx-request-id: q\r\n\r\n"
#define CLOSE   "HTTP/1.1 200 OK\r\nConnection: close\r\nx-request-id: r\r\n\r\nhello, world"

struct cut {
        const char *answer;
        size_t at;
        bool reset;
};

static void answer_cut(struct served_request *r, void *ctx)
{
        struct cut *c = ctx;

        served_write(r, c->answer, c->at);
        if (c->reset)
                served_reset(r);
        r->last = true;
}

/* What came is a true beginning of the body, and the status is told if its head came. */
static bool is_beginning(const struct fetch *f, const struct cut *c)
{
        size_t head = (size_t)(strstr(strstr(c->answer, "200 OK"), "\r\n\r\n") + 4 - c->answer);

        return f->done == 1 && !f->result.aborted && !f->result.trust && f->n <= 12 &&
               memcmp(f->body, "hello, world", f->n) == 0 &&
               f->head.status == (c->at >= head ? 200 : 0) &&
               strcmp(f->head.request_id, f->head.status ? "r" : "") == 0;
}

static void a_cut_answer_is_never_complete(void)
{
        static const char *const answers[] = { LENGTH, CHUNKED, INTERIM LENGTH };
        struct cut c = { 0 };
        struct served *s = served_start(answer_cut, &c);

        client_open(2, NULL, false);
        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                c.answer = answers[i];
                for (c.at = 0; c.at <= strlen(answers[i]); c.at++) {
                        bool whole = c.at == strlen(answers[i]);
                        struct fetch *f = fetch(s, "/");

                        /* curl 7 takes a chunked body for ended without the very last newline. */
                        if (i == 1 && c.at + 1 == strlen(answers[i]))
                                whole = f->result.complete;
                        if (!CHECK(f->result.complete == whole && !*f->problem == whole &&
                                   is_beginning(f, &c)))
                                printf("# cut at %zu of %zu: %s\n", c.at, i, f->problem);
                        free(f);
                }
        }
        client_close();
        served_stop(s);
}

static void a_reset_is_never_complete(void)
{
        static const char *const answers[] = { LENGTH, CHUNKED, CLOSE };
        struct cut c = { .reset = true };
        struct served *s = served_start(answer_cut, &c);

        client_open(2, NULL, false);
        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                c.answer = answers[i];
                for (c.at = 0; c.at < strlen(answers[i]); c.at += 3) {
                        struct fetch *f = fetch(s, "/");

                        /* A reset may overtake bytes, so the head may be missing. */
                        CHECK(!f->result.complete && *f->problem && f->done == 1);
                        CHECK(f->head.status == 0 || f->head.status == 200);
                        CHECK(f->n <= 12 && memcmp(f->body, "hello, world", f->n) == 0);
                        free(f);
                }
        }
        client_close();
        served_stop(s);
}

static void a_body_that_ends_with_the_connection_looks_complete_wherever_it_ends(void)
{
        struct cut c = { .answer = CLOSE };
        struct served *s = served_start(answer_cut, &c);

        client_open(2, NULL, false);
        for (c.at = strlen(CLOSE) - 12; c.at <= strlen(CLOSE); c.at++) {
                struct fetch *f = fetch(s, "/");

                CHECK(f->result.complete && is_beginning(f, &c));
                CHECK(f->n == 12 - (strlen(CLOSE) - c.at));
                free(f);
        }
        client_close();
        served_stop(s);
}

static void what_is_not_http_is_a_failed_transfer(void)
{
        static const char *const answers[] = {
                "",
                "hello\n",
                "<html>HTTP/0.9 lives</html>",
                "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Encoding: unheard-of\r\nContent-Length: 2\r\n\r\nhi",
                "HTTP/7.3 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        };

        client_open(2, NULL, false);
        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                struct served *s = served_start(served_text, (void *)(uintptr_t)answers[i]);
                struct fetch *f = fetch(s, "/");

                if (!CHECK(f->done == 1 && !f->result.complete && *f->problem))
                        printf("# %s\n", answers[i]);
                CHECK(!f->result.trust && !f->result.aborted && f->n == 0);
                free(f);
                served_stop(s);
        }
        client_close();
}

/* --- floods ------------------------------------------------------------------------------- */

enum flood { FLOOD_FIELDS, FLOOD_INTERIM, FLOOD_TRAILERS, FLOOD_NONE };

static void answer_flood(struct served_request *r, void *ctx)
{
        enum flood flood = *(enum flood *)ctx;
        unsigned kib = flood == FLOOD_NONE ? 200 : 2000;
        char filler[1001] = "";

        memset(filler, 'x', 1000);
        if (flood == FLOOD_INTERIM)
                for (unsigned i = 0; i < kib && !r->last; i++)
                        served_say(r, "HTTP/1.1 103 Early\r\nx-filler: %s\r\n\r\n", filler);
        served_say(r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-request-id: r\r\n");
        if (flood == FLOOD_FIELDS || flood == FLOOD_NONE)
                for (unsigned i = 0; i < kib && !r->last; i++)
                        served_say(r, "x-filler-%u: %s\r\n", i, filler);
        served_say(r, "\r\n5\r\nhello\r\n0\r\n");
        if (flood == FLOOD_TRAILERS)
                for (unsigned i = 0; i < kib && !r->last; i++)
                        served_say(r, "x-filler-%u: %s\r\n", i, filler);
        served_say(r, "\r\n");
}

static void a_flood_of_header_fields_ends_the_transfer(void)
{
        client_open(2, NULL, false);
        for (enum flood flood = FLOOD_FIELDS; flood <= FLOOD_NONE; flood++) {
                struct served *s = served_start(answer_flood, &flood);
                struct fetch *f = fetch(s, "/");

                if (!CHECK(f->done == 1 && f->result.complete == (flood == FLOOD_NONE)))
                        printf("# flood %d: %s\n", (int)flood, f->problem);
                CHECK(!f->result.aborted);
                if (flood == FLOOD_NONE)
                        CHECK(f->n == 5 && strcmp(f->head.request_id, "r") == 0);
                else
                        CHECK(strstr(f->problem, "head is too long"));
                free(f);
                served_stop(s);
        }
        client_close();
}

int main(void)
{
        RUN(a_cut_answer_is_never_complete, "a cut answer is never complete, wherever it is cut");
        RUN(a_reset_is_never_complete, "a reset is never complete");
        RUN(a_body_that_ends_with_the_connection_looks_complete_wherever_it_ends,
            "a body that ends with the connection looks complete wherever it ends");
        RUN(what_is_not_http_is_a_failed_transfer, "what is not HTTP is a failed transfer");
        RUN(a_flood_of_header_fields_ends_the_transfer,
            "a flood of header fields ends the transfer, also in trailers and interim heads");
        return tap_end();
}
