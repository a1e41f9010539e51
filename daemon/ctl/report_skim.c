#include "ctl/report_skim.h"
#include "base/mem.h"

#include <string.h>

#define KEY_MAX \
        128 /* bytes of a key as it stands in the line: escapes make one six times as long */

/* A value's place: the record's own members, those of a member's object, deeper ones. */
enum level { OUTSIDE, RECORD, MEMBER, LEVELS };

struct text {
        char p[SKIM_VALUE_MAX];
        size_t n;
        bool cut;
};

struct skim {
        const struct skim_want *wants;
        size_t n_wants;
        void (*fn)(void *ctx, const struct json *values, const uint8_t *digest);
        void *ctx;
        struct sha256 *sum; /* NULL: no digests */

        uint64_t depth;
        bool object[LEVELS]; /* is the value on that level one? */
        bool key_next;       /* the next string is a key */
        bool in_string, escaped, in_key;
        struct text key;
        char within[KEY_MAX]; /* the member of the record that is being read, decoded */
        struct text *into;    /* the value being read is wanted, and goes there; NULL: it is not */
        struct text values[SKIM_WANTS_MAX];
};

struct skim *skim_new(const struct skim_want *wants, size_t n, bool digests,
                      void (*fn)(void *ctx, const struct json *values, const uint8_t *digest),
                      void *ctx)
{
        struct skim *s = mem_new(sizeof(*s));

        s->wants = wants;
        s->n_wants = n;
        s->fn = fn;
        s->ctx = ctx;
        s->sum = digests ? sha256_new() : NULL;
        return s;
}

struct skim *skim_free(struct skim *s)
{
        if (s)
                sha256_free(s->sum);
        free(s);
        return NULL;
}

void skim_reset(struct skim *s)
{
        s->depth = 0;
        s->key_next = s->in_string = s->escaped = s->in_key = false;
        s->within[0] = '\0';
        s->into = NULL;
        for (size_t i = 0; i < s->n_wants; i++)
                s->values[i] = (struct text){ .n = 0 };
        if (s->sum)
                sha256_reset(s->sum);
}

static void text_add(struct text *t, const char *p, size_t n)
{
        size_t room = sizeof(t->p) - t->n;

        if (n > room)
                t->cut = true;
        memcpy(t->p + t->n, p, n < room ? n : room);
        t->n += n < room ? n : room;
}

/* A key has ended: is its value wanted? */
static void take_key(struct skim *s)
{
        _cleanup_buf_ struct buf key = BUF_INIT;
        struct json v = { JSON_STRING, s->key.p, s->key.n };
        bool good = !s->key.cut && json_string(&v, &key) == 0 && strlen(buf_str(&key)) == key.n;

        s->into = NULL;
        if (s->depth == RECORD)
                s->within[0] = '\0';
        if (!good || key.n >= sizeof(s->within))
                return;
        if (s->depth == RECORD)
                memcpy(s->within, buf_str(&key), key.n + 1);
        for (size_t i = 0; i < s->n_wants; i++) {
                const char *within = s->wants[i].within;

                if ((s->depth == MEMBER) != (within != NULL) ||
                    strcmp(s->wants[i].key, buf_str(&key)) != 0 ||
                    (within && strcmp(within, s->within) != 0))
                        continue;
                s->into = &s->values[i];
                s->values[i] = (struct text){ .n = 0 };
        }
}

static void open_value(struct skim *s, bool object)
{
        s->into = NULL;
        s->depth++;
        if (s->depth < LEVELS)
                s->object[s->depth] = object;
        s->key_next = object && s->depth < LEVELS &&
                      (s->depth == RECORD || (s->object[RECORD] && s->within[0]));
}

static void close_value(struct skim *s)
{
        if (s->depth)
                s->depth--;
        s->into = NULL;
        s->key_next = false;
}

/* A byte outside of strings. */
static void take_mark(struct skim *s, char c)
{
        switch (c) {
        case '{':
        case '[':
                open_value(s, c == '{');
                return;
        case '}':
        case ']':
                close_value(s);
                return;
        case ',':
                s->into = NULL;
                s->key_next = s->depth < LEVELS && s->depth > OUTSIDE && s->object[s->depth];
                return;
        case '"':
                s->in_string = true;
                s->in_key = s->key_next;
                s->key_next = false;
                if (s->in_key)
                        s->key = (struct text){ .p = { '"' }, .n = 1 };
                else if (s->into)
                        text_add(s->into, &c, 1);
                return;
        case ':':
        case ' ':
        case '\t':
        case '\r':
                return;
        default:
                if (s->into)
                        text_add(s->into, &c, 1);
        }
}

/* From within a string; returns behind its end, or the end of what there is. */
static const char *take_string(struct skim *s, const char *p, const char *end)
{
        struct text *into = s->in_key ? &s->key : s->into;
        const char *start = p;

        if (s->escaped && p < end) {
                s->escaped = false;
                p++;
        }
        while ((p = json_plain(p, end)) < end && *p != '"') {
                if (*p != '\\') { /* a control character, which nobody but a forger has put here */
                        p++;
                        continue;
                }
                s->escaped = end - p == 1;
                p += s->escaped ? 1 : 2;
        }
        if (p < end) {
                p++;
                s->in_string = false;
        }
        if (into)
                text_add(into, start, (size_t)(p - start));
        if (!s->in_string && s->in_key) {
                s->in_key = false;
                take_key(s);
        }
        return p;
}

static void take_piece(struct skim *s, const char *p, const char *end)
{
        if (s->sum)
                sha256_add(s->sum, p, (size_t)(end - p));
        while (p < end)
                if (s->in_string)
                        p = take_string(s, p, end);
                else
                        take_mark(s, *p++);
}

static struct json value_of(const struct text *t)
{
        struct json v;

        if (t->n == 0 || t->cut || json_parse(t->p, t->n, &v) < 0)
                return (struct json){ .type = JSON_NULL };
        return v;
}

static void end_line(struct skim *s)
{
        struct json values[SKIM_WANTS_MAX];
        uint8_t digest[SHA256_SIZE];

        for (size_t i = 0; i < s->n_wants; i++)
                values[i] = value_of(&s->values[i]);
        if (s->sum)
                sha256_digest(s->sum, digest);
        s->fn(s->ctx, values, s->sum ? digest : NULL);
        skim_reset(s);
}

void skim_feed(struct skim *s, const char *p, size_t n)
{
        const char *end = p + n;

        while (p < end) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));

                take_piece(s, p, newline ? newline : end);
                if (!newline)
                        return;
                end_line(s);
                p = newline + 1;
        }
}
