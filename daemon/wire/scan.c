#include "wire/scan.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EVERY(byte) (0x0101010101010101u * (uint64_t)(byte))

static bool is_plain(unsigned char c)
{
        return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Eight at a time: a byte that ends the run is flagged in its top bit. A borrow runs upwards, from
 * a byte that is flagged itself, so that the lowest flag is exact. */
size_t scan_copy_portable(char *to, const unsigned char *p, size_t n)
{
        size_t i = 0;

        for (; n - i >= 8; i += 8) {
                uint64_t x, quote, slash, flags;

                memcpy(&x, p + i, 8);
                memcpy(to + i, &x, 8);
                x = le64toh(x);
                quote = x ^ EVERY('"');
                slash = x ^ EVERY('\\');
                flags = x | ((x - EVERY(0x20)) & ~x) | ((quote - EVERY(1)) & ~quote) |
                        ((slash - EVERY(1)) & ~slash);
                flags &= EVERY(0x80);
                if (flags != 0)
                        return i + (size_t)__builtin_ctzll(flags) / 8;
        }
        for (; i < n && is_plain(p[i]); i++)
                to[i] = (char)p[i];
        return i;
}

#ifdef __SSE2__
/* Sixteen at a time. Compared as signed numbers, bytes past ASCII are below 0x20, too. */
size_t scan_copy(char *to, const unsigned char *p, size_t n)
{
        const __m128i low = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'),
                      slash = _mm_set1_epi8('\\');
        size_t i = 0;

        for (; n - i >= 16; i += 16) {
                __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
                __m128i ends = _mm_or_si128(
                        _mm_cmplt_epi8(x, low),
                        _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)));
                unsigned flags = (unsigned)_mm_movemask_epi8(ends);

                _mm_storeu_si128((__m128i *)(void *)(to + i), x);
                if (flags != 0)
                        return i + (unsigned)__builtin_ctz(flags);
        }
        return i + scan_copy_portable(to + i, p + i, n - i);
}
#else
size_t scan_copy(char *to, const unsigned char *p, size_t n)
{
        return scan_copy_portable(to, p, n);
}
#endif

size_t scan_utf8(struct scan_char *c, const unsigned char *p, size_t n)
{
        struct scan_char now = *c;
        size_t i = 0;

        for (; i < n; i++) {
                if (now.need > 0) {
                        if (p[i] < now.low || p[i] > now.high)
                                break;
                        now = (struct scan_char){ now.need - 1, 0x80, 0xbf };
                        continue;
                }
                if (p[i] < 0xc2 || p[i] > 0xf4)
                        break;
                now.need = p[i] < 0xe0 ? 1 : p[i] < 0xf0 ? 2 : 3;
                now.low = p[i] == 0xe0 ? 0xa0 : p[i] == 0xf0 ? 0x90 : 0x80;
                now.high = p[i] == 0xed ? 0x9f : p[i] == 0xf4 ? 0x8f : 0xbf;
        }
        *c = now;
        return i;
}

enum { SHORT = 1, HEX = 2 };

static const unsigned char kinds[256] = {
        ['"'] = SHORT, ['\\'] = SHORT,      ['/'] = SHORT,       ['n'] = SHORT,
        ['r'] = SHORT, ['t'] = SHORT,       ['b'] = SHORT | HEX, ['f'] = SHORT | HEX,
        ['a'] = HEX,   ['c' ... 'e'] = HEX, ['A' ... 'F'] = HEX, ['0' ... '9'] = HEX,
};

bool scan_short_escape(unsigned char c)
{
        return kinds[c] & SHORT;
}

bool scan_hex(unsigned char c)
{
        return kinds[c] & HEX;
}

size_t scan_escape(const unsigned char *p, size_t n)
{
        if (n < 2 || p[0] != '\\')
                return 0;
        if (kinds[p[1]] & SHORT)
                return 2;
        if (n < 6 || p[1] != 'u')
                return 0;
        return kinds[p[2]] & kinds[p[3]] & kinds[p[4]] & kinds[p[5]] & HEX ? 6 : 0;
}
