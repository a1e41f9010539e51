/* A verb that writes to memory: what came, to compare. */
#pragma once

#include "base/json.h"
#include "ctl/verb.h"
#include "tap.h"

struct spoken {
        struct verb v;
        char *text;
        size_t n;
};

static inline void spoken_begin(struct spoken *s, bool terminal)
{
        *s = (struct spoken){ .v = { .out_terminal = terminal } };
        s->v.out = open_memstream(&s->text, &s->n);
        s->v.err = stderr;
}

static inline struct json spoken_json(const char *text)
{
        struct json v;

        if (json_parse(text, strlen(text), &v) < 0) {
                printf("# no JSON: %s\n", text);
                abort();
        }
        return v;
}

/* What was said is this; ends it. NULL: whatever it is. */
static inline bool spoken_is(struct spoken *s, const char *want)
{
        bool good;

        fclose(s->v.out);
        good = !want || (s->n == strlen(want) && memcmp(s->text, want, s->n) == 0);
        if (!good)
                printf("# wanted:\n%s# came:\n%s", want, s->text);
        for (size_t i = 0; i < s->n; i++)
                good = CHECK((unsigned char)s->text[i] >= 0x20 || s->text[i] == '\n') && good;
        free(s->text);
        return good;
}
