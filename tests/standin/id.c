#include "id.h"

#define PREFIX        "chatcmpl-"
#define NUMBER_DIGITS 11 /* to the base 62: 64 bits */
#define ALL_DIGITS    29 /* as the live service has; what is left is random */
#define TIME_DIGITS   6  /* the live service's too: seconds until the year 3769 */

/* In the order of their bytes, so that numbers sort as texts. */
static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#define TEN  "0123456789"
#define LONG "-" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Behind the id, decoded: what a path, a URL or a terminal may trip over. */
static const char *const ODD[] = {
        "",
        "/up/",
        " a space",
        "%2F",
        "?q=1&after=2",
        "#part",
        "+plus",
        "\xc3\xa9",
        "\"quote\"",
        "back\\",
        "/../..",
        ";a,b=c",
        "'; DROP",
        "<b>|~",
        "@:*$()",
        "\xe6\x97\xa5\xe6\x9c\xac",
        "\xf0\x9f\x98\x80",
        "%00%zz%",
        "[]{}",
        LONG,
};

static uint64_t scramble_key(const struct shape *shape)
{
        return rng_mix(shape->seed ^ 0x1d5a1d5a1d5a1d5au);
}

static size_t time_digits(const struct shape *shape)
{
        return shape->ids == IDS_TIME ? TIME_DIGITS : 0;
}

void id_make(const struct shape *shape, uint32_t index, int64_t created, struct buf *ret)
{
        uint64_t number = rng_mix(index ^ scramble_key(shape));
        struct rng rng = shape_rng(shape, index, PART_ID);
        uint64_t second = created > 0 ? (uint64_t)created : 0, bits = 0;
        char text[ALL_DIGITS];
        size_t n = time_digits(shape), rest;

        for (size_t i = n; i-- > 0; second /= 62)
                text[i] = DIGITS[second % 62];
        for (size_t end = n + NUMBER_DIGITS; n < end; number /= 62)
                text[n++] = DIGITS[number % 62];
        for (rest = 0; n < ALL_DIGITS; rest++, bits /= 62) {
                if (rest % 9 == 0)
                        bits = rng_next(&rng);
                text[n++] = DIGITS[bits % 62];
        }

        buf_puts(ret, PREFIX);
        buf_add(ret, text, sizeof(text));
        if (shape->odd_ids)
                buf_puts(ret, ODD[index % (sizeof(ODD) / sizeof(ODD[0]))]);
}

void id_json(const struct shape *shape, uint32_t index, int64_t created, struct buf *ret)
{
        static const char *const spelled[] = { "\\u0063hatcmpl-", "chatcmpl\\u002d",
                                               "chatcmpl\\u002D" };
        struct rng rng = shape_rng(shape, index, PART_ID);
        struct buf id = { 0 };
        size_t from = ret->n;

        id_make(shape, index, created, &id);
        buf_json(ret, buf_as_slice(&id));
        if (shape->awkward && rng_below(&rng, 8) < 3)
                buf_replace(ret, from + 1, from + 1 + strlen(PREFIX),
                            slice_of(spelled[rng_below(&rng, 3)]));
        buf_done(&id);
}

uint32_t id_index(const struct shape *shape, struct slice id)
{
        uint64_t number = 0;
        size_t at = strlen(PREFIX) + time_digits(shape);

        if (id.n < strlen(PREFIX) + ALL_DIGITS || memcmp(id.p, PREFIX, strlen(PREFIX)) != 0)
                return UINT32_MAX;

        for (size_t i = NUMBER_DIGITS; i-- > 0;) {
                char c = id.p[at + i];
                const char *digit = c ? strchr(DIGITS, c) : NULL;

                if (!digit)
                        return UINT32_MAX;
                number = number * 62 + (uint64_t)(digit - DIGITS);
        }
        number = rng_unmix(number) ^ scramble_key(shape);

        return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}
