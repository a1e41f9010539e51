/* Random JSON values, as trees, and texts of them in every order and spelling. What is the same
 * value is said by value_canon() alone, which knows nothing of digests. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "tap.h"

enum value_type { V_STRING, V_NUMBER, V_WORD, V_ARRAY, V_OBJECT };

struct value {
        enum value_type type;
        unsigned *points; /* a string's characters; a surrogate among them has no partner */
        size_t n_points;
        const char *text; /* of a number or a word */
        struct value **keys, **children;
        size_t n, room;
};

#define VALUE_PICK(array) ((array)[tap_below(sizeof(array) / sizeof((array)[0]))])

static const char *const value_numbers[] = { "0",  "1",          "1.0", "1e0",  "10",
                                             "-1", "-0",         "0.1", "0.10", "2",
                                             "3",  "1758039177", "1E0", "1e-5", "1E+5" };
static const char *const value_words[] = { "true", "false", "null" };

static inline struct value *value_free(struct value *v)
{
        if (!v)
                return NULL;
        for (size_t i = 0; i < v->n; i++) {
                value_free(v->children[i]);
                if (v->type == V_OBJECT)
                        value_free(v->keys[i]);
        }
        free(v->points);
        free(v->keys);
        free(v->children);
        free(v);
        return NULL;
}

static inline void value_put_point(struct value *v, unsigned c)
{
        unsigned last = v->n_points ? v->points[v->n_points - 1] : 0;

        if (last >= 0xd800 && last < 0xdc00 && c >= 0xdc00 && c < 0xe000)
                c = 'x'; /* they would be one character */
        v->points = mem_resize(v->points, (v->n_points + 1) * sizeof(*v->points));
        v->points[v->n_points++] = c;
}

static inline unsigned value_point(void)
{
        static const unsigned points[] = { 'a',     'b',     '"',      '\\',   '/',    '\n',
                                           '\t',    0,       0x1f,     0x7f,   0x80,   0x7ff,
                                           0x800,   0xe9,    0x20ac,   0xd7ff, 0xe000, 0xffff,
                                           0x10000, 0x1f600, 0x10ffff, 0xd800, 0xdbff, 0xdc00,
                                           0xdfff,  0xd83d,  0xde00,   '1' };

        return tap_below(3) ? 'a' + tap_below(3) : VALUE_PICK(points);
}

static inline struct value *value_string(size_t n)
{
        struct value *v = mem_new(sizeof(*v));

        v->type = V_STRING;
        while (n-- > 0)
                value_put_point(v, value_point());
        return v;
}

static inline void value_put(struct value *v, struct value *key, struct value *child)
{
        if (v->n == v->room) {
                v->room = v->room ? 2 * v->room : 4;
                v->keys = mem_resize(v->keys, v->room * sizeof(*v->keys));
                v->children = mem_resize(v->children, v->room * sizeof(*v->children));
        }
        v->keys[v->n] = key;
        v->children[v->n++] = child;
}

static inline size_t value_length(void)
{
        return tap_below(30) == 0 ? 20 + tap_below(1200)
               : tap_below(8)     ? tap_below(4)
                                  : tap_below(40);
}

static inline struct value *value_random(unsigned depth)
{
        struct value *v = mem_new(sizeof(*v));
        unsigned n = tap_below(40) == 0 ? tap_below(60) : tap_below(5);

        v->type = (enum value_type)tap_below(depth < 5 ? 5 : 3);
        if (v->type == V_STRING) {
                free(v);
                return value_string(value_length());
        }
        if (v->type == V_NUMBER)
                v->text = VALUE_PICK(value_numbers);
        else if (v->type == V_WORD)
                v->text = VALUE_PICK(value_words);
        else
                while (n-- > 0)
                        value_put(v, v->type == V_OBJECT ? value_string(tap_below(3)) : NULL,
                                  value_random(depth + 1));
        return v;
}

/* ---- the one text of a value ---- */

static inline void value_canon(const struct value *v, struct buf *out);

static inline int value_compare_keys(const struct value *a, const struct value *b)
{
        for (size_t i = 0; i < a->n_points && i < b->n_points; i++)
                if (a->points[i] != b->points[i])
                        return a->points[i] < b->points[i] ? -1 : 1;
        return a->n_points == b->n_points ? 0 : a->n_points < b->n_points ? -1 : 1;
}

/* An object's members by key; those of one key stay in their order. */
static inline void value_sort(const struct value *v, size_t *order)
{
        for (size_t i = 0; i < v->n; i++) {
                size_t at = i;

                for (; at > 0 && value_compare_keys(v->keys[order[at - 1]], v->keys[i]) > 0; at--)
                        order[at] = order[at - 1];
                order[at] = i;
        }
}

static inline void value_canon(const struct value *v, struct buf *out)
{
        size_t *order = mem_new((v->n + 1) * sizeof(*order));

        buf_printf(out, "<%d ", (int)v->type);
        for (size_t i = 0; i < v->n_points; i++)
                buf_printf(out, "%x.", v->points[i]);
        if (v->text)
                buf_puts(out, v->text);
        for (size_t i = 0; i < v->n; i++)
                order[i] = i;
        if (v->type == V_OBJECT)
                value_sort(v, order);
        for (size_t i = 0; i < v->n; i++) {
                if (v->type == V_OBJECT)
                        value_canon(v->keys[order[i]], out);
                value_canon(v->children[order[i]], out);
        }
        buf_putc(out, '>');
        free(order);
}

/* ---- any text of a value ---- */

static bool value_tight; /* no white space in texts */

static inline void value_white(struct buf *out)
{
        for (unsigned n = value_tight || tap_below(4) ? 0 : tap_below(4); n > 0; n--)
                buf_putc(out, " \t\n\r"[tap_below(4)]);
}

static inline void value_unit(struct buf *out, unsigned unit)
{
        buf_printf(out, tap_below(2) ? "\\u%04x" : "\\u%04X", unit);
}

static inline void value_text_point(struct buf *out, unsigned c)
{
        static const char from[] = "\"\\/\b\f\n\r\t", to[] = "\"\\/bfnrt";
        const char *at = c && c < 0x80 ? strchr(from, (int)c) : NULL;
        bool surrogate = c >= 0xd800 && c < 0xe000, must = c < 0x20 || c == '"' || c == '\\';

        if (at && tap_below(2)) {
                buf_putc(out, '\\');
                buf_putc(out, to[at - from]);
        } else if (c < 0x10000 && (must || surrogate || tap_below(6) == 0)) {
                value_unit(out, c);
        } else if (c >= 0x10000 && tap_below(2)) {
                value_unit(out, 0xd800 + ((c - 0x10000) >> 10));
                value_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else if (c < 0x80) {
                buf_putc(out, (char)c);
        } else {
                unsigned n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
                static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

                buf_putc(out, (char)(lead[n] | c >> 6 * (n - 1)));
                while (--n > 0)
                        buf_putc(out, (char)(0x80 | (c >> 6 * (n - 1) & 0x3f)));
        }
}

/* Some order of the members that keeps that of equal keys. */
static inline void value_shuffle(const struct value *v, size_t *order)
{
        for (size_t i = 0; i < v->n; i++)
                order[i] = i;
        for (size_t k = 0; v->n > 1 && k < 4 * v->n; k++) {
                size_t i = tap_below((unsigned)v->n - 1), swap = order[i];

                if (value_compare_keys(v->keys[order[i]], v->keys[order[i + 1]]) == 0)
                        continue;
                order[i] = order[i + 1];
                order[i + 1] = swap;
        }
        for (size_t i = v->n; v->n > 60 && i-- > 1;) { /* large ones have no equal keys */
                size_t k = tap_below((unsigned)i + 1), swap = order[i];

                order[i] = order[k];
                order[k] = swap;
        }
}

static inline void value_text(const struct value *v, struct buf *out)
{
        size_t *order = mem_new((v->n + 1) * sizeof(*order));

        value_white(out);
        if (v->type == V_STRING) {
                buf_putc(out, '"');
                for (size_t i = 0; i < v->n_points; i++)
                        value_text_point(out, v->points[i]);
                buf_putc(out, '"');
        } else if (v->type < V_ARRAY) {
                buf_puts(out, v->text);
        } else {
                for (size_t i = 0; i < v->n; i++)
                        order[i] = i;
                if (v->type == V_OBJECT)
                        value_shuffle(v, order);
                buf_putc(out, v->type == V_OBJECT ? '{' : '[');
                for (size_t i = 0; i < v->n; i++) {
                        if (i > 0)
                                buf_putc(out, ',');
                        if (v->type == V_OBJECT) {
                                value_text(v->keys[order[i]], out);
                                buf_putc(out, ':');
                        }
                        value_text(v->children[order[i]], out);
                }
                value_white(out);
                buf_putc(out, v->type == V_OBJECT ? '}' : ']');
        }
        value_white(out);
        free(order);
}

/* ---- another value, nearly ---- */

static inline void value_swap(struct value **a, struct value **b)
{
        struct value *swap = *a;

        *a = *b;
        *b = swap;
}

/* Changes one thing somewhere; by chance, nothing. */
static inline void value_mutate(struct value *v)
{
        size_t i = v->n ? tap_below((unsigned)v->n) : 0, k = v->n ? tap_below((unsigned)v->n) : 0;

        if (v->n && tap_below(3))
                return value_mutate(v->children[i]);
        if (v->type == V_STRING) {
                if (v->n_points && tap_below(2))
                        v->n_points--;
                else
                        value_put_point(v, value_point());
        } else if (v->type == V_NUMBER) {
                v->text = VALUE_PICK(value_numbers);
        } else if (v->type == V_WORD) {
                v->text = VALUE_PICK(value_words);
        } else if (v->n == 0) {
                if (tap_below(2))
                        v->type = v->type == V_ARRAY ? V_OBJECT : V_ARRAY;
                else
                        value_put(v, v->type == V_OBJECT ? value_string(1) : NULL, value_random(4));
        } else if (tap_below(4) == 0) { /* an element or member less */
                v->n--;
                value_free(v->children[v->n]);
                value_free(v->keys[v->n]);
        } else if (v->type == V_OBJECT && tap_below(2)) { /* {"a":1,"b":2}: {"b":1,"a":2} */
                value_swap(&v->keys[i], &v->keys[k]);
        } else if (v->type == V_OBJECT && tap_below(2)) { /* the same key, once more */
                struct value *key = value_string(0);

                for (size_t c = 0; c < v->keys[i]->n_points; c++)
                        value_put_point(key, v->keys[i]->points[c]);
                value_put(v, key, value_random(4));
        } else { /* another order: of members with the same key it counts */
                value_swap(&v->keys[i], &v->keys[k]);
                value_swap(&v->children[i], &v->children[k]);
        }
}
