#include "wire/squeeze.h"
#include "base/mem.h"
#include "wire/scan.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define ESCAPE 6 /* bytes of \uXXXX */

/* Everything that a reset clears. */
struct squeeze_state {
        uint64_t offset;                      /* input before the piece in hand */
        const unsigned char *start, *p, *end; /* the piece in hand, and where we are in it */

        /* Outside strings. */
        unsigned last; /* SQUEEZE_STRING, SQUEEZE_SCALAR or 0: what the last byte ended or is of */
        bool gap;      /* white space has come since */
        unsigned scalar; /* bytes of the scalar so far */
        uint64_t depth;  /* objects and arrays that are open */

        /* Inside a string. */
        bool inside;
        unsigned shown; /* bytes of its inside that are in the eyes, */
        unsigned limit; /* and how many may be */
        unsigned flags; /* with SQUEEZE_CUT, nothing more of it is shown */
        struct scan_char last_char;
        unsigned n_escape;       /* an escape (or a surrogate, and what may be its partner) waits */
        char escape[2 * ESCAPE]; /* here until it is whole: it is shown whole or not at all */

        size_t n_text, n_eyes, n_marks;
};

struct squeeze {
        squeeze_out_fn out;
        void *ctx;
        struct squeeze_state at;
        struct squeeze_mark marks[SQUEEZE_MARKS_MAX];
        char text[SQUEEZE_CHUNK + SCAN_SLACK];
        char eyes[SQUEEZE_CHUNK + SCAN_SLACK];
};

enum { REFUSED, QUOTE, SPACE, PUNCTUATION, OPEN, CLOSE, SCALAR };

static const unsigned char kinds[256] = {
        [' '] = SPACE,          ['\t'] = SPACE,      ['\n'] = SPACE,         ['\r'] = SPACE,
        ['{'] = OPEN,           ['}'] = CLOSE,       ['['] = OPEN,           [']'] = CLOSE,
        [':'] = PUNCTUATION,    [','] = PUNCTUATION, ['"'] = QUOTE,          ['+'] = SCALAR,
        ['-'] = SCALAR,         ['.'] = SCALAR,      ['0' ... '9'] = SCALAR, ['A' ... 'Z'] = SCALAR,
        ['a' ... 'z'] = SCALAR,
};

struct squeeze *squeeze_new(squeeze_out_fn out, void *ctx)
{
        struct squeeze *s = mem_new(sizeof(*s));

        s->out = out;
        s->ctx = ctx;
        return s;
}

struct squeeze *squeeze_free(struct squeeze *s)
{
        free(s);
        return NULL;
}

void squeeze_reset(struct squeeze *s)
{
        s->at = (struct squeeze_state){ 0 };
}

unsigned squeeze_open(const struct squeeze *s)
{
        if (s->at.inside)
                return SQUEEZE_STRING | s->at.flags;
        return s->at.last == SQUEEZE_SCALAR && !s->at.gap ? SQUEEZE_SCALAR : 0;
}

static int squeeze_flush(struct squeeze *s, struct err *e)
{
        struct squeeze_chunk chunk = {
                .text = s->text,
                .n_text = s->at.n_text,
                .eyes = s->eyes,
                .n_eyes = s->at.n_eyes,
                .marks = s->marks,
                .n_marks = s->at.n_marks,
        };

        if (chunk.n_text == 0)
                return 0;
        s->at.n_text = s->at.n_eyes = s->at.n_marks = 0;
        return s->out(s->ctx, &chunk, e);
}

static int squeeze_refuse(struct squeeze *s, const char *what, struct err *e)
{
        uint64_t offset = s->at.offset + (uint64_t)(s->at.p - s->at.start);
        int r;

        r = squeeze_flush(s, e);
        if (r != 0)
                return r;
        return err_set(e, ERR_SOURCE, "%s (byte 0x%02x at offset %" PRIu64 ")", what, *s->at.p,
                       offset);
}

/* There is always room for a byte and a mark: who fills a table hands it on. The eyes are never
 * fuller than the text. */
static int squeeze_put(struct squeeze *s, const void *from, size_t n, bool shown, struct err *e)
{
        const char *p = from;

        while (n > 0) {
                size_t room = SQUEEZE_CHUNK - s->at.n_text, k = n < room ? n : room;

                memcpy(s->text + s->at.n_text, p, k);
                s->at.n_text += k;
                if (shown) {
                        memcpy(s->eyes + s->at.n_eyes, p, k);
                        s->at.n_eyes += k;
                }
                p += k;
                n -= k;
                if (s->at.n_text == SQUEEZE_CHUNK) {
                        int r = squeeze_flush(s, e);

                        if (r != 0)
                                return r;
                }
        }
        return 0;
}

static inline int squeeze_put_byte(struct squeeze *s, char c, struct err *e)
{
        s->text[s->at.n_text++] = c;
        s->eyes[s->at.n_eyes++] = c;
        return s->at.n_text == SQUEEZE_CHUNK ? squeeze_flush(s, e) : 0;
}

/* The next n bytes of a string's inside, at `run` in the text: as far as they are shown they go to
 * the eyes. The last character may be unfinished; whether it is shown was decided at its first byte,
 * by its whole length. */
static void squeeze_show(struct squeeze *s, const char *run, size_t n)
{
        size_t fit = s->at.limit - s->at.shown, k = n < fit ? n : fit;

        if (n == 0 || s->at.flags & SQUEEZE_CUT)
                return;
        if (n + s->at.last_char.need > fit) {
                if (k == n)
                        k--;
                while ((run[k] & 0xc0) == 0x80)
                        k--;
                s->at.flags |= SQUEEZE_CUT;
        }
        for (size_t i = 0; i < k; i += SCAN_SLACK)
                memcpy(s->eyes + s->at.n_eyes + i, run + i, SCAN_SLACK);
        s->at.shown += (unsigned)k;
        s->at.n_eyes += k;
}

/* The escape that waits is whole (or half of a pair that does not come: lone). */
static int squeeze_put_escape(struct squeeze *s, bool lone, struct err *e)
{
        unsigned n = s->at.n_escape;

        if (!(s->at.flags & SQUEEZE_CUT)) {
                if (lone)
                        s->at.flags |= SQUEEZE_LONE | SQUEEZE_CUT;
                else if (s->at.shown + n > s->at.limit)
                        s->at.flags |= SQUEEZE_CUT;
                else
                        s->at.shown += n;
        }
        s->at.n_escape = 0;
        return squeeze_put(s, s->at.escape, n, !(s->at.flags & SQUEEZE_CUT), e);
}

/* Of \uXXXX: D8 to DB is the first half of a pair, DC to DF the second. */
static bool surrogate(const char *escape, bool second)
{
        unsigned char c = (unsigned char)escape[3] | 0x20;

        if ((escape[2] | 0x20) != 'd')
                return false;
        return second ? c >= 'c' && c <= 'f' : c == '8' || c == '9' || c == 'a' || c == 'b';
}

/* One more byte of an escape. A first half of a pair that may be shown waits for what follows. */
static int squeeze_escape(struct squeeze *s, struct err *e)
{
        unsigned char c = *s->at.p;
        unsigned place = s->at.n_escape % ESCAPE;
        bool second = s->at.n_escape >= ESCAPE;

        if (place == 0 && c != '\\')
                return squeeze_put_escape(s, true, e);
        if (place == 1 && c != 'u' && !scan_short_escape(c))
                return squeeze_refuse(s, "a string has an escape that JSON does not know", e);
        if (place > 1 && !scan_hex(c))
                return squeeze_refuse(s, "a string has a \\u without four hex digits", e);
        s->at.escape[s->at.n_escape++] = (char)c;
        s->at.p++;

        if (place == 1 && c != 'u')
                return squeeze_put_escape(s, second, e);
        if (place < ESCAPE - 1)
                return 0;
        if (second)
                return squeeze_put_escape(s, !surrogate(s->at.escape + ESCAPE, true), e);
        if (surrogate(s->at.escape, false) && !(s->at.flags & SQUEEZE_CUT))
                return 0;
        return squeeze_put_escape(s, surrogate(s->at.escape, true), e);
}

static int squeeze_close(struct squeeze *s, struct err *e)
{
        int r;

        if (s->at.flags != 0)
                s->marks[s->at.n_marks++] = (struct squeeze_mark){
                        .eyes = (uint32_t)s->at.n_eyes,
                        .text = (uint32_t)s->at.n_text,
                        .flags = s->at.flags,
                };
        s->at.p++;
        s->at.inside = false;
        s->at.last = SQUEEZE_STRING;
        r = squeeze_put_byte(s, '"', e);
        if (r == 0 && s->at.n_marks == SQUEEZE_MARKS_MAX)
                r = squeeze_flush(s, e);
        return r;
}

/* In a string: a run of characters, then what ended it. Where nothing is shown any more, escapes
 * are part of the run. */
static int squeeze_inside(struct squeeze *s, struct err *e)
{
        size_t left = (size_t)(s->at.end - s->at.p), room = SQUEEZE_CHUNK - s->at.n_text;
        size_t max = left < room ? left : room, n = 0, more;
        const unsigned char *run = s->at.p;
        char *to = s->text + s->at.n_text;
        int r = 0;

        do {
                if (s->at.last_char.need == 0)
                        n += scan_copy(to + n, run + n, max - n);
                more = scan_utf8(&s->at.last_char, run + n, max - n);
                if (more == 0 && s->at.flags & SQUEEZE_CUT && s->at.last_char.need == 0)
                        more = scan_escape(run + n, max - n);
                memcpy(to + n, run + n, more);
                n += more;
        } while (more > 0);
        s->at.p += n;
        squeeze_show(s, to, n);
        s->at.n_text += n;
        if (s->at.n_text == SQUEEZE_CHUNK)
                r = squeeze_flush(s, e);
        if (r != 0 || n == max)
                return r;

        if (s->at.last_char.need > 0 || *s->at.p >= 0x80)
                return squeeze_refuse(s, "a string is not UTF-8", e);
        if (*s->at.p == '"')
                return squeeze_close(s, e);
        if (*s->at.p != '\\')
                return squeeze_refuse(s, "a string has a control character", e);
        s->at.escape[0] = '\\';
        s->at.n_escape = 1;
        s->at.p++;
        return 0;
}

/* Between strings: what needs no second look, which is nearly all. */
static void squeeze_between(struct squeeze *s)
{
        size_t left = (size_t)(s->at.end - s->at.p), i = 0;
        size_t room = SQUEEZE_CHUNK - s->at.n_text, n = 0;
        char *text = s->text + s->at.n_text, *eyes = s->eyes + s->at.n_eyes;
        unsigned last = s->at.last, scalar = s->at.scalar;
        const unsigned char *p = s->at.p;
        uint64_t depth = s->at.depth;
        bool gap = s->at.gap;

        for (; i < left && n < room; i++) {
                unsigned kind = kinds[p[i]];

                if (kind == SPACE) {
                        gap = true;
                        continue;
                }
                if (kind == SCALAR) {
                        if ((gap && last != 0) || scalar >= SQUEEZE_SCALAR_MAX)
                                break;
                        scalar++;
                        last = SQUEEZE_SCALAR;
                } else if (kind >= PUNCTUATION) {
                        last = scalar = 0;
                        depth += kind == OPEN;
                        depth -= kind == CLOSE && depth > 0;
                } else {
                        break;
                }
                gap = false;
                text[n] = eyes[n] = (char)p[i];
                n++;
        }
        s->at.p += i;
        s->at.last = last;
        s->at.gap = gap;
        s->at.scalar = scalar;
        s->at.depth = depth;
        s->at.n_text += n;
        s->at.n_eyes += n;
}

/* The byte of a scalar or a string's first quote: white space before it may have kept it apart from
 * a token that it would be joined to. */
static int squeeze_part(struct squeeze *s, struct err *e)
{
        s->at.scalar = 0;
        if (s->at.last == 0 || !s->at.gap)
                return 0;
        s->at.last = 0;
        s->at.gap = false;
        return squeeze_put_byte(s, ' ', e);
}

static int squeeze_outside(struct squeeze *s, struct err *e)
{
        unsigned kind;
        int r;

        squeeze_between(s);
        if (s->at.n_text == SQUEEZE_CHUNK)
                return squeeze_flush(s, e);
        if (s->at.p == s->at.end)
                return 0;
        kind = kinds[*s->at.p];
        if (kind == REFUSED)
                return squeeze_refuse(s, "no JSON token has such a byte", e);
        if (kind == SCALAR && !s->at.gap && s->at.scalar >= SQUEEZE_SCALAR_MAX)
                return squeeze_refuse(s, "a number or word is too long", e);
        if (kind == SCALAR)
                return squeeze_part(s, e);
        r = squeeze_part(s, e);
        if (r != 0)
                return r;
        s->at.p++;
        s->at.inside = true;
        s->at.gap = false;
        s->at.shown = s->at.flags = 0;
        s->at.limit = s->at.depth > SQUEEZE_DEPTH ? SQUEEZE_SHOWN_DEEP : SQUEEZE_SHOWN;
        return squeeze_put_byte(s, '"', e);
}

int squeeze_feed(struct squeeze *s, const char *in, size_t n, struct err *e)
{
        int r = 0;

        s->at.start = s->at.p = (const unsigned char *)in;
        s->at.end = s->at.start + n;
        while (r == 0 && s->at.p < s->at.end) {
                if (!s->at.inside)
                        r = squeeze_outside(s, e);
                else if (s->at.n_escape > 0)
                        r = squeeze_escape(s, e);
                else
                        r = squeeze_inside(s, e);
        }
        s->at.offset += n;
        return r;
}

int squeeze_end(struct squeeze *s, struct err *e)
{
        return squeeze_flush(s, e);
}
