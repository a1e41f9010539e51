#include "kind.h"

#include "kind_transfer.h"

#define HEAD "{\"object\":\"list\",\"data\":[%D],\"first_id\":%F,\"last_id\":%L"

#define HTML                                                                                       \
        "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>\n<body><h1>Checking " \
        "your browser</h1></body></html>\n"

#define FILES                                                                                     \
        "{\"object\":\"list\",\"data\":[{\"object\":\"file\",\"id\":\"file-abc123\",\"purpose\":" \
        "\"batch\",\"filename\":\"mydata.jsonl\",\"bytes\":120000,\"created_at\":1677610602}],"   \
        "\"first_id\":\"file-abc123\",\"last_id\":\"file-abc123\",\"has_more\":false}"

static void tweak_text(const struct params *p, struct tweak *t)
{
        buf_slice(&t->patch, params_get(p, "text"));
}

static void tweak_deep(const struct params *p, struct tweak *t)
{
        uint64_t depth = params_number(p, "depth", 10000);

        buf_puts(&t->patch, "{\"x\":");
        for (uint64_t i = 0; i < depth; i++)
                buf_putc(&t->patch, '[');
        for (uint64_t i = 0; i < depth; i++)
                buf_putc(&t->patch, ']');
        buf_putc(&t->patch, ',');
}

static void tweak_long_id(const struct params *p, struct tweak *t)
{
        uint64_t bytes = params_number(p, "bytes", 5000);

        buf_puts(&t->patch, "\"id\":\"");
        for (uint64_t i = 0; i < bytes; i++)
                buf_putc(&t->patch, 'x');
        buf_putc(&t->patch, '"');
}

static void tweak_envelope(const struct params *p, struct tweak *t)
{
        t->envelope = params_text(p, "text", NULL);
}

static void tweak_first_page(const struct params *p, struct tweak *t)
{
        (void)p;
        t->first_page = true;
}

static void tweak_swap(const struct params *p, struct tweak *t)
{
        (void)p;
        t->swap = true;
}

static void tweak_stop(const struct params *p, struct tweak *t)
{
        t->has_stop = true;
        t->stop_half = !params_get(p, "record").p;
        t->stop = params_number(p, "record", 0);
        t->with_comma = params_flag(p, "comma");
}

static const struct kind KINDS[] = {
        { "none", .envelope = NULL },
        /* The answer as a whole. */
        { "status", .replace = kind_status },
        { "body", .replace = kind_body },
        { "raw", .replace = kind_raw },
        { "hangup", .replace = kind_hangup },
        { "redirect", .replace = kind_redirect },
        { "empty", .body = "" },
        { "html", .body = HTML, .type = "text/html; charset=utf-8" },
        { "other-list", .body = FILES },
        /* The transfer. */
        { "cut", .transfer = kind_cut },
        { "cut-record", .tweak = tweak_stop, .transfer = kind_cut_at_end },
        { "stall", .transfer = kind_stall },
        { "drip", .transfer = kind_drip },
        { "slow-head", .transfer = kind_slow_head },
        { "header-flood", .transfer = kind_header_flood },
        { "bad-gzip", .transfer = kind_bad_gzip },
        { "trailing", .transfer = kind_trailing },
        { "bom", .transfer = kind_bom },
        /* The envelope; the last four are valid. */
        { "envelope", .tweak = tweak_envelope },
        { "no-has-more", .envelope = HEAD "}" },
        { "has-more-string", .envelope = HEAD ",\"has_more\":\"%M\"}" },
        { "has-more-null", .envelope = HEAD ",\"has_more\":null}" },
        { "has-more-number", .envelope = HEAD ",\"has_more\":1}" },
        { "has-more-true", .envelope = HEAD ",\"has_more\":true}" },
        { "has-more-false", .envelope = HEAD ",\"has_more\":false}" },
        { "dup-has-more", .envelope = HEAD ",\"has_more\":%M,\"has_more\":%M}" },
        { "empty-has-more",
          .envelope = "{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,"
                      "\"has_more\":true}" },
        { "null-last-id",
          .envelope = "{\"object\":\"list\",\"data\":[%D],\"first_id\":null,\"last_id\":null,"
                      "\"has_more\":true}" },
        { "dup-data", .envelope = HEAD ",\"data\":[],\"has_more\":%M}" },
        { "no-data",
          .envelope = "{\"object\":\"list\",\"first_id\":%F,\"last_id\":%L,\"has_more\":%M}" },
        { "null-data", .envelope = "{\"object\":\"list\",\"data\":null,\"has_more\":%M}" },
        { "object-data",
          .envelope = "{\"object\":\"list\",\"data\":{\"0\":[%D]},\"has_more\":%M}" },
        { "scalar-data", .envelope = "{\"object\":\"list\",\"data\":[%D,5],\"has_more\":%M}" },
        { "object-page",
          .envelope = "{\"object\":\"page\",\"data\":[%D],\"first_id\":%F,\"last_id\":%L,"
                      "\"has_more\":%M}" },
        { "array", .envelope = "[%D]" },
        { "no-object",
          .envelope = "{\"data\":[%D],\"first_id\":%F,\"last_id\":%L,\"has_more\":%M}" },
        { "envelope-order",
          .envelope = "{\"has_more\":%M,\"last_id\":%L,\"data\":[%D],\"object\":\"list\"}" },
        { "envelope-escaped", .envelope = "{\"objec\\u0074\":\"l\\u0069st\",\"d\\u0061ta\":[%D],"
                                          "\"has\\u005fmore\":%M}" },
        { "envelope-extra",
          .envelope = "{\"object\":\"list\",\"total\":5,\"meta\":{\"data\":[1,{\"id\":2}],"
                      "\"has_more\":7},\"data\":[%D],\"\":[[]],\"has_more\":%M,\"url\":null}" },
        { "same-page", .tweak = tweak_first_page },
        { "bad-order", .tweak = tweak_swap },
        /* One record of the page: record=, or its middle one. */
        { "no-id", .member = "id", .patch = "\"no_id\":%V" },
        { "dup-id", .member = "id", .patch = "\"id\":%V,\"id\":%V" },
        { "int-id", .member = "id", .patch = "\"id\":12345" },
        { "null-id", .member = "id", .patch = "\"id\":null" },
        { "empty-id", .member = "id", .patch = "\"id\":\"\"" },
        { "control-id", .member = "id", .patch = "\"id\":\"a\\nb\"" },
        { "long-id", .member = "id", .tweak = tweak_long_id },
        { "no-created", .member = "created", .patch = "\"no_created\":%V" },
        { "dup-created", .member = "created", .patch = "\"created\":%V,\"created\":%V" },
        { "string-created", .member = "created", .patch = "\"created\":\"%V\"" },
        { "float-created", .member = "created", .patch = "\"created\":%V.0" },
        { "null-created", .member = "created", .patch = "\"created\":null" },
        { "insert", .member = "{", .tweak = tweak_text },
        { "deep", .member = "{", .tweak = tweak_deep },
        { "bad-utf8", .member = "{", .patch = "{\"x\":\"\xc3(\"," },
        { "surrogate-utf8", .member = "{", .patch = "{\"x\":\"\xed\xa0\xbd\"," },
        { "bad-escape", .member = "{", .patch = "{\"x\":\"\\q\"," },
        { "bad-unicode-escape", .member = "{", .patch = "{\"x\":\"\\u12g4\"," },
        { "control-char", .member = "{",
          .patch = "{\"x\":\"a\x01"
                   "b\"," },
        { "newline-in-string", .member = "{", .patch = "{\"x\":\"a\nb\"," },
        { "join", .member = "{", .patch = "{\"x\":1 2," },
        { "join-literal", .member = "{", .patch = "{\"x\":tr ue," },
        { "bad-number", .member = "{", .patch = "{\"x\":01," },
        { "bad-literal", .member = "{", .patch = "{\"x\":NaN," },
        { "bad-space", .member = "{", .patch = "{\"x\":\f1," },
        { "missing-comma", .member = "{", .patch = "{\"x\":1 " },
        { "extra-comma", .member = "{", .patch = "{\"x\":1,," },
        { "comment", .member = "{", .patch = "{/* x */" },
};

const struct kind *kind_find(const char *name)
{
        for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
                if (strcmp(KINDS[i].name, name) == 0)
                        return &KINDS[i];
        return NULL;
}

void kind_names(struct buf *ret)
{
        for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
                buf_printf(ret, "%s%s", i ? " " : "", KINDS[i].name);
}
