#include "awkward.h"

#define DEPTH_MAX 3 /* of objects in objects; brackets alone go deeper */

static const char *const NUMBERS[] = {
        "0",
        "-0",
        "1.0",
        "0.0",
        "1E0",
        "1e+2",
        "-0.0e-0",
        "0.10",
        "1.00000000000000000001",
        "1E-7",
        "-9204369220377073006",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
        "1e999",
        "5e-324",
        "2.5E+00010",
};

static const char *const KEYS[] = {
        "",         "id",       "created", "data",     "has_more",  "object",   "choices",
        "metadata", "k",        "key",     "\\u0069d", "a\\u0000b", "\\ud83d",  "\\/",
        "\\\"",     "\xc3\xa9", "{",       "]",        " ",         "first_id",
};

void awkward_number(struct rng *rng, struct buf *ret)
{
        if (!rng_one_in(rng, 20)) {
                buf_puts(ret, NUMBERS[rng_below(rng, sizeof(NUMBERS) / sizeof(NUMBERS[0]))]);
                return;
        }
        for (uint64_t left = 1 + rng_below(rng, 300); left > 0; left--)
                buf_putc(ret, (char)('1' + rng_below(rng, 9)));
}

void awkward_text(struct rng *rng, struct rope *ret)
{
        uint64_t dice = rng_below(rng, 64), bytes;
        enum text_kind kind = rng_one_in(rng, 3) ? TEXT_WORDS : TEXT_ESCAPES;

        if (dice == 0 && ret->n_texts < ROPE_TEXTS_MAX - 2)
                bytes = 65536 - 8 + rng_below(rng, 17);
        else if (dice < 16)
                bytes = 256 - 8 + rng_below(rng, 17);
        else if (dice < 24)
                bytes = 0;
        else
                bytes = rng_below(rng, 120);

        rope_text(ret, kind, bytes, (struct rng){ rng_next(rng) });
}

void awkward_key(struct rng *rng, const char *key, struct buf *ret)
{
        size_t n = strlen(key), at = n > 0 && rng_one_in(rng, 6) ? (size_t)rng_below(rng, n) : n;

        buf_putc(ret, '"');
        for (size_t i = 0; i < n; i++) {
                if (i == at)
                        buf_printf(ret, rng_one_in(rng, 2) ? "\\u%04x" : "\\u%04X",
                                   (unsigned)(unsigned char)key[i]);
                else
                        buf_putc(ret, key[i]);
        }
        buf_putc(ret, '"');
}

static void value(struct rng *rng, struct rope *ret, unsigned depth);

static void object(struct rng *rng, struct rope *ret, unsigned depth)
{
        uint64_t members = rng_below(rng, 4);

        buf_putc(&ret->head, '{');
        for (uint64_t i = 0; i < members; i++) {
                if (i > 0)
                        buf_putc(&ret->head, ',');
                buf_putc(&ret->head, '"');
                if (rng_one_in(rng, 24))
                        rope_text(ret, TEXT_ESCAPES, 250 + rng_below(rng, 60), *rng);
                else
                        buf_puts(&ret->head, KEYS[rng_below(rng, sizeof(KEYS) / sizeof(KEYS[0]))]);
                buf_puts(&ret->head, "\":");
                value(rng, ret, depth + 1);
        }
        buf_putc(&ret->head, '}');
}

static void array(struct rng *rng, struct rope *ret, unsigned depth)
{
        uint64_t brackets = rng_one_in(rng, 8) ? 1 + rng_below(rng, 100) : 1;
        uint64_t items = rng_below(rng, 4);

        for (uint64_t i = 0; i < brackets; i++)
                buf_putc(&ret->head, '[');
        for (uint64_t i = 0; i < items; i++) {
                if (i > 0)
                        buf_putc(&ret->head, ',');
                value(rng, ret, depth + 1);
        }
        for (uint64_t i = 0; i < brackets; i++)
                buf_putc(&ret->head, ']');
}

static void value(struct rng *rng, struct rope *ret, unsigned depth)
{
        static const char *const words[] = { "null", "true", "false" };
        uint64_t dice = rng_below(rng, depth < DEPTH_MAX ? 10 : 7);

        if (dice < 2) {
                buf_puts(&ret->head, words[rng_below(rng, 3)]);
        } else if (dice < 4) {
                awkward_number(rng, &ret->head);
        } else if (dice < 7) {
                buf_putc(&ret->head, '"');
                awkward_text(rng, ret);
                buf_putc(&ret->head, '"');
        } else if (dice < 9) {
                object(rng, ret, depth);
        } else {
                array(rng, ret, depth);
        }
}

void awkward_value(struct rng *rng, struct rope *ret)
{
        value(rng, ret, 0);
}
