#include "base/form.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

#define TEXT 512 /* bytes of a scalar gathered before they are digested */

enum state {
        VALUE,       /* a value must come */
        FIRST_VALUE, /* a value, or the array's end */
        KEY,         /* a key must come */
        FIRST_KEY,   /* a key, or the object's end */
        COLON,
        NEXT,   /* a comma, or the container's end */
        STRING, /* within one */
        ESCAPE, /* behind its backslash */
        HEX,    /* behind \u */
        SCALAR, /* within a number or a word */
        END,    /* only white space may come */
        BAD,
};

struct form {
        struct fold *fold;
        struct sha256 *sum; /* of a scalar that is longer than `text` */
        enum state state;
        bool is_key;  /* the string in hand */
        uint8_t kind; /* of the scalar in hand: FOLD_STRING … */
        bool summed;  /* some of it is in `sum` */
        char text[TEXT];
        size_t n;
        unsigned unit, digits; /* of the \u in hand */
        unsigned high;         /* a surrogate that waits for its partner, or 0 */
};

struct form *form_new(void)
{
        struct form *f = mem_new(sizeof(*f));

        f->fold = fold_new();
        f->sum = sha256_new();
        return f;
}

struct form *form_free(struct form *f)
{
        if (!f)
                return NULL;
        fold_free(f->fold);
        sha256_free(f->sum);
        free(f);
        return NULL;
}

void form_reset(struct form *f)
{
        fold_reset(f->fold);
        f->state = VALUE;
}

/* ---- a scalar's decoded bytes ---- */

static void begin_scalar(struct form *f, uint8_t kind)
{
        f->kind = kind;
        f->summed = false;
        f->n = 0;
        f->high = 0;
}

static void flush(struct form *f)
{
        if (!f->summed) {
                sha256_reset(f->sum);
                sha256_add(f->sum, f->kind == FOLD_STRING ? "\"" : "0", 1);
                f->summed = true;
        }
        sha256_add(f->sum, f->text, f->n);
        f->n = 0;
}

static void put(struct form *f, const char *p, size_t n)
{
        if (f->n + n > TEXT)
                flush(f);
        if (n > TEXT) {
                sha256_add(f->sum, p, n);
                return;
        }
        memcpy(f->text + f->n, p, n);
        f->n += n;
}

static void put_char(struct form *f, unsigned c)
{
        char s[4];
        size_t n;

        if (c < 0x80) {
                s[0] = (char)c;
                n = 1;
        } else if (c < 0x800) {
                s[0] = (char)(0xc0 | c >> 6);
                n = 2;
        } else if (c < 0x10000) { /* a lone surrogate, too: no UTF-8 has these three bytes */
                s[0] = (char)(0xe0 | c >> 12);
                n = 3;
        } else {
                s[0] = (char)(0xf0 | c >> 18);
                n = 4;
        }
        for (size_t i = 1; i < n; i++)
                s[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
        put(f, s, n);
}

/* No partner came. */
static void settle_high(struct form *f)
{
        if (f->high)
                put_char(f, f->high);
        f->high = 0;
}

static void put_unit(struct form *f, unsigned unit)
{
        if (f->high && unit >= 0xdc00 && unit < 0xe000) {
                put_char(f, 0x10000 + (f->high - 0xd800) * 0x400 + (unit - 0xdc00));
                f->high = 0;
                return;
        }
        settle_high(f);
        if (unit >= 0xd800 && unit < 0xdc00)
                f->high = unit;
        else
                put_char(f, unit);
}

static struct fold_value end_scalar(struct form *f)
{
        struct fold_value v = { .kind = FOLD_DIGEST };

        if (!f->summed && f->n <= sizeof(v.bytes)) {
                v.kind = (uint8_t)(f->kind + f->n);
                memcpy(v.bytes, f->text, f->n);
                return v;
        }
        flush(f);
        sha256_digest(f->sum, v.bytes);
        return v;
}

/* ---- values ---- */

static void end_value(struct form *f, const struct fold_value *v)
{
        if (fold_depth(f->fold) > 0) {
                fold_add(f->fold, v);
                f->state = NEXT;
                return;
        }
        /* The whole text's: a digest, whatever it is. */
        memcpy(f->text, v, sizeof(*v));
        f->state = END;
}

static void end_string(struct form *f)
{
        struct fold_value v;

        settle_high(f);
        v = end_scalar(f);
        if (!f->is_key)
                return end_value(f, &v);
        fold_key(f->fold, &v);
        f->state = COLON;
}

static void end_number_or_word(struct form *f)
{
        static const char *const words[] = { "true", "false", "null" };
        struct fold_value v;
        bool good = f->kind == FOLD_NUMBER;

        for (size_t i = 0; !good && i < ELEMENTS(words); i++)
                good = !f->summed && f->n == strlen(words[i]) &&
                       memcmp(f->text, words[i], f->n) == 0;
        f->state = BAD;
        if (!good)
                return;
        v = end_scalar(f);
        end_value(f, &v);
}

static void close_container(struct form *f, bool object)
{
        struct fold_value v;

        if (fold_depth(f->fold) == 0 || fold_is_object(f->fold) != object) {
                f->state = BAD;
                return;
        }
        fold_close(f->fold, &v);
        end_value(f, &v);
}

/* ---- bytes ---- */

static void begin_string(struct form *f, bool is_key)
{
        begin_scalar(f, FOLD_STRING);
        f->is_key = is_key;
        f->state = STRING;
}

/* The first byte of a value. */
static void begin_value(struct form *f, char c)
{
        if (c == '"')
                return begin_string(f, false);
        if (c == '{' || c == '[') {
                f->state = !fold_open(f->fold, c == '{') ? BAD : c == '{' ? FIRST_KEY : FIRST_VALUE;
                return;
        }
        f->state = BAD;
        if (c == '-' || (c >= '0' && c <= '9'))
                begin_scalar(f, FOLD_NUMBER);
        else if (c == 't' || c == 'f' || c == 'n')
                begin_scalar(f, FOLD_WORD);
        else
                return;
        put(f, &c, 1);
        f->state = SCALAR;
}

static void next(struct form *f, char c)
{
        if (c == ',')
                f->state = fold_is_object(f->fold) ? KEY : VALUE;
        else if (c == '}' || c == ']')
                close_container(f, c == '}');
        else
                f->state = BAD;
}

/* A byte outside of scalars. */
static void take_mark(struct form *f, char c)
{
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
                return;
        switch (f->state) {
        case FIRST_VALUE:
                if (c == ']')
                        return close_container(f, false);
                return begin_value(f, c);
        case VALUE:
                return begin_value(f, c);
        case FIRST_KEY:
                if (c == '}')
                        return close_container(f, true);
                /* fall through */
        case KEY:
                if (c == '"')
                        return begin_string(f, true);
                break;
        case COLON:
                if (c != ':')
                        break;
                f->state = VALUE;
                return;
        case NEXT:
                return next(f, c);
        default:
                break;
        }
        f->state = BAD;
}

static void take_escape(struct form *f, char c)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *at = c ? strchr(from, c) : NULL;

        f->state = STRING;
        if (c == 'u') {
                f->unit = f->digits = 0;
                f->state = HEX;
        } else if (at) {
                settle_high(f);
                put(f, &to[at - from], 1);
        } else {
                f->state = BAD;
        }
}

static void take_hex(struct form *f, char c)
{
        unsigned digit;

        if (c >= '0' && c <= '9') {
                digit = (unsigned)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
                digit = (unsigned)((c | 0x20) - 'a' + 10);
        } else {
                f->state = BAD;
                return;
        }
        f->unit = f->unit << 4 | digit;
        if (++f->digits < 4)
                return;
        put_unit(f, f->unit);
        f->state = STRING;
}

/* As much of a string as stands there plainly, and the byte behind it. */
static const char *take_string(struct form *f, const char *p, const char *end)
{
        const char *from = p;

        while (p < end && *p != '"' && *p != '\\')
                p++;
        if (p > from) {
                settle_high(f);
                put(f, from, (size_t)(p - from));
        }
        if (p == end)
                return p;
        if (*p == '"')
                end_string(f);
        else
                f->state = ESCAPE;
        return p + 1;
}

static bool goes_on(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '.' ||
               c == '+' || c == '-';
}

static const char *take_scalar(struct form *f, const char *p, const char *end)
{
        const char *from = p;

        while (p < end && goes_on(*p))
                p++;
        put(f, from, (size_t)(p - from));
        if (p < end) /* what ends it is the next one's */
                end_number_or_word(f);
        return p;
}

void form_add(struct form *f, const char *p, size_t n)
{
        const char *end = p + n;

        while (p < end && f->state != BAD) {
                if (f->state == STRING)
                        p = take_string(f, p, end);
                else if (f->state == SCALAR)
                        p = take_scalar(f, p, end);
                else if (f->state == ESCAPE)
                        take_escape(f, *p++);
                else if (f->state == HEX)
                        take_hex(f, *p++);
                else
                        take_mark(f, *p++);
        }
}

int form_digest(struct form *f, uint8_t ret[static SHA256_SIZE])
{
        if (f->state == SCALAR && fold_depth(f->fold) == 0)
                end_number_or_word(f);
        if (f->state != END)
                return FORM_NONE;
        sha256(f->text, sizeof(struct fold_value), ret);
        return 0;
}
