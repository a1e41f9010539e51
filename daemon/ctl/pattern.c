#include "ctl/pattern.h"
#include "base/clock.h"
#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <time.h>

/* PCRE2 counts steps anew for each place where a match could begin. A long text may take some steps
 * for each of its bytes, as `.*x` does. */
#define STEPS        1000000
#define STEPS_A_BYTE 2
/* Of so many such places at once, before it is seen how long it takes; all of a line may take some
 * seconds. */
#define PLACES          1024
#define PLACES_MAX      65536
#define PLACES_BY_BYTES 1073741824
#define LINE_USEC       (5 * USEC_PER_SEC)
#define QUICK_USEC      (20 * USEC_PER_MSEC)
#define SLOW_USEC       (100 * USEC_PER_MSEC)
#define HEAP_MAX        65536 /* KiB; PCRE2's own is 20 GB */
#define JIT_STACK_MIN   32768
#define JIT_STACK_MAX   8388608
#define PLACE_MAX_TEXT  120 /* bytes of PCRE2's messages */

/* Compiled code does not count the steps of `x*` and `x?`. It is used where these cannot be more
 * than so many, whatever the text. */
#define UNCOUNTED 1000000000.0

struct pattern {
        pcre2_code *code;
        bool jit;
        unsigned stars,
                marks; /* of `*` and `+`, which may take as many steps as there are bytes; of
                                * `?`, which may take two */
        bool braces;   /* `{`, which stands for many others, if there are any */
};

struct matcher {
        const struct pattern *pattern;
        pcre2_match_data *data;
        pcre2_match_context *context;
        pcre2_jit_stack *stack;
};

/* Roughly: what is no repetition, but written like one, only makes it slower. */
static void count_repeats(struct pattern *p, const char *text)
{
        for (; *text; text++) {
                if (*text == '\\' && text[1])
                        text++;
                else if (*text == '*' || *text == '+')
                        p->stars++;
                else if (*text == '?')
                        p->marks++;
                else if (*text == '{') {
                        p->braces = true;
                        p->stars++;
                }
        }
        p->braces = p->braces && p->stars + p->marks > 1;
}

static bool may_be_compiled(const struct pattern *p, size_t n)
{
        double steps = 1;

        for (unsigned i = 0; i < p->stars && steps <= UNCOUNTED; i++)
                steps *= (double)n;
        for (unsigned i = 0; i < p->marks && steps <= UNCOUNTED; i++)
                steps *= 2;
        return p->jit && !p->braces && steps <= UNCOUNTED;
}

int pattern_new(const char *text, bool ignore_case, struct pattern **ret, struct err *e)
{
        const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                                 PCRE2_USE_OFFSET_LIMIT | (ignore_case ? PCRE2_CASELESS : 0u);
        unsigned char why[PLACE_MAX_TEXT] = "";
        struct pattern *p;
        PCRE2_SIZE at;
        int error;

        p = mem_new(sizeof(*p));
        p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error, &at,
                                NULL);
        if (!p->code) {
                pcre2_get_error_message(error, why, sizeof(why));
                pattern_free(p);
                return err_set(e, ERR_CONFIG, "the pattern '%s' makes no sense at byte %zu: %s",
                               text, at + 1, (const char *)why);
        }
        /* Where no memory may be made executable, it is interpreted. */
        count_repeats(p, text);
        p->jit = pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0;
        *ret = p;
        return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
        if (!p)
                return NULL;
        pcre2_code_free(p->code);
        free(p);
        return NULL;
}

struct matcher *matcher_new(const struct pattern *p)
{
        struct matcher *m = mem_new(sizeof(*m));

        m->pattern = p;
        m->data = pcre2_match_data_create(1, NULL);
        m->context = pcre2_match_context_create(NULL);
        if (!m->data || !m->context)
                abort();
        pcre2_set_heap_limit(m->context, HEAP_MAX);
        if (p->jit)
                m->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
        if (m->stack)
                pcre2_jit_stack_assign(m->context, NULL, m->stack);
        return m;
}

struct matcher *matcher_free(struct matcher *m)
{
        if (!m)
                return NULL;
        pcre2_match_data_free(m->data);
        pcre2_match_context_free(m->context);
        pcre2_jit_stack_free(m->stack);
        free(m);
        return NULL;
}

static int match(struct matcher *m, const char *text, size_t n, size_t from, uint32_t options)
{
        return pcre2_match(m->pattern->code, (PCRE2_SPTR)text, n, from, options, m->data,
                           m->context);
}

/* One that begins from `from` to `last`. */
static int match_within(struct matcher *m, const char *text, size_t n, size_t from, size_t last)
{
        int r;

        pcre2_set_offset_limit(m->context, last);
        r = match(m, text, n, from, may_be_compiled(m->pattern, n) ? 0 : PCRE2_NO_JIT);
        if (r == PCRE2_ERROR_JIT_STACKLIMIT) /* memory of the heap, of which there is more */
                r = match(m, text, n, from, PCRE2_NO_JIT);
        return r;
}

/* The processor's time, not the wall's: others' work does not make a pattern fail. */
static usec_t spent(void)
{
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* Through a long text by and by; *ret_slow: it took too long. */
static int match_long(struct matcher *m, const char *text, size_t n, size_t from, bool *ret_slow)
{
        size_t places = PLACES_BY_BYTES / n;
        usec_t start = spent(), before = start, now;
        int r;

        places = places < 1 ? 1 : places > PLACES ? PLACES : places;
        for (;;) {
                size_t last = places < n - from ? from + places : n;

                r = match_within(m, text, n, from, last);
                if (r != PCRE2_ERROR_NOMATCH || last == n)
                        return r;
                now = spent();
                *ret_slow = now - start > LINE_USEC;
                if (*ret_slow)
                        return r;
                if (now - before < QUICK_USEC && places < PLACES_MAX)
                        places *= 2;
                else if (now - before > SLOW_USEC && places > 1)
                        places /= 2;
                before = now;
                from = last + 1;
                while (from < n && ((unsigned char)text[from] & 0xc0) == 0x80)
                        from++; /* a match begins with a character */
        }
}

int matcher_find(struct matcher *m, const char *text, size_t n, size_t from, size_t *ret_start,
                 size_t *ret_end, struct err *e)
{
        uint64_t steps = STEPS + (uint64_t)n * STEPS_A_BYTE;
        unsigned char why[PLACE_MAX_TEXT] = "";
        const PCRE2_SIZE *place;
        bool slow = false;
        int r;

        pcre2_set_match_limit(m->context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
        pcre2_set_depth_limit(m->context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
        r = n - from <= PLACES ? match_within(m, text, n, from, n)
                               : match_long(m, text, n, from, &slow);
        if (slow)
                return err_set(e, ERR_CONFIG, "the pattern costs too much here: it takes too long");
        if (r == PCRE2_ERROR_NOMATCH)
                return 0;
        if (r < 0) {
                pcre2_get_error_message(r, why, sizeof(why));
                return err_set(e, ERR_CONFIG, "the pattern costs too much here: %s",
                               (const char *)why);
        }
        place = pcre2_get_ovector_pointer(m->data);
        *ret_start = place[0];
        *ret_end = place[1];
        if (*ret_start > *ret_end) /* \K within an assertion */
                *ret_end = *ret_start;
        return 1;
}
