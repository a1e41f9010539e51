/* A fuzz target without an engine: over every input of its corpus, and over random changes of them
 * (TEST_SEED; FUZZ_MUTANTS of them). Its first line says which target, by the program's name. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MUTANTS   3000
#define INPUT_MAX 8192 /* bytes of a mutant */

struct input {
        const uint8_t *p;
        size_t n;
};

static uint64_t state;

static uint32_t below(uint32_t n) /* xorshift64*; n > 0 */
{
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return (uint32_t)((state * 0x2545f4914f6cdd1dull >> 32) % n);
}

static char *slurp(const char *path, size_t *ret_n)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        char *text;

        if (fd < 0 || fstat(fd, &st) < 0)
                err(99, "%s", path);
        text = mem_new((size_t)st.st_size + 1);
        if (read(fd, text, (size_t)st.st_size) != st.st_size)
                err(99, "%s", path);
        close(fd);
        *ret_n = (size_t)st.st_size;
        return text;
}

/* Netstrings, a newline behind each. */
static size_t split(const char *path, char *text, size_t n, struct input **ret)
{
        size_t count = 0, at = 0;
        struct input *inputs = NULL;

        while (at < n) {
                char *end;
                size_t length = strtoul(text + at, &end, 10), start = (size_t)(end - text) + 1;

                if (*end != ':' || start + length + 2 > n ||
                    memcmp(text + start + length, ",\n", 2))
                        errx(99, "%s: no netstring at byte %zu", path, at);
                inputs = realloc(inputs, (count + 1) * sizeof(*inputs));
                if (!inputs)
                        err(99, "realloc");
                inputs[count++] = (struct input){ (const uint8_t *)text + start, length };
                at = start + length + 2;
        }
        *ret = inputs;
        return count;
}

/* On memory of its own length, so that a reader past its end is seen under a sanitizer. */
static void run(const uint8_t *p, size_t n)
{
        uint8_t *copy = malloc(n ? n : 1);

        if (!copy)
                err(99, "malloc");
        memcpy(copy, p, n);
        LLVMFuzzerTestOneInput(copy, n);
        free(copy);
}

static size_t change(uint8_t *p, size_t n, const struct input *other)
{
        size_t at = n ? below((uint32_t)n + 1) : 0, k = 1 + below(8), from;

        switch (below(5)) {
        case 0: /* other bytes */
                for (; at < n && k > 0; at++, k--)
                        p[at] = (uint8_t)(below(2) ? below(256) : p[at] ^ 1u << below(8));
                return n;
        case 1: /* fewer */
                k = k < n - at ? k : n - at;
                memmove(p + at, p + at + k, n - at - k);
                return n - k;
        case 2: /* an end */
                return at;
        default: /* a piece of another one, between */
                if (other->n == 0)
                        return n;
                from = below((uint32_t)other->n);
                k = 1 + below((uint32_t)(other->n - from));
                if (n + k > INPUT_MAX)
                        return n;
                memmove(p + at + k, p + at, n - at);
                memcpy(p + at, other->p + from, k);
                return n + k;
        }
}

static void mutate(const struct input *inputs, size_t count, unsigned mutants)
{
        static uint8_t p[INPUT_MAX];

        for (unsigned i = 0; i < mutants; i++) {
                const struct input *one = &inputs[below((uint32_t)count)];
                size_t n = one->n < INPUT_MAX ? one->n : INPUT_MAX;

                memcpy(p, one->p, n);
                for (unsigned k = 1 + below(4); k > 0; k--)
                        n = change(p, n, &inputs[below((uint32_t)count)]);
                run(p, n);
        }
}

int main(int argc, char *argv[])
{
        const char *base = strrchr(argv[0], '-'), *source = getenv("srcdir"), *s;
        const char *name = base ? base + 1 : "";
        unsigned mutants = (s = getenv("FUZZ_MUTANTS")) ? (unsigned)atoi(s) : MUTANTS;
        char path[4096];
        struct input *inputs;
        size_t n, count;
        char *text;

        (void)argc;
        state = (s = getenv("TEST_SEED")) ? strtoull(s, NULL, 10) : 1;
        printf("# seed %llu\n1..2\n", (unsigned long long)state);
        state = state * 0x9e3779b97f4a7c15ull + 1;
        snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s.netstrings", source ? source : ".",
                 name);
        text = slurp(path, &n);
        count = split(path, text, n, &inputs);
        if (count == 0)
                errx(99, "%s is empty", path);
        fflush(stdout);
        for (size_t i = 0; i < count; i++)
                run(inputs[i].p, inputs[i].n);
        printf("ok 1 - %s: %zu inputs of the corpus\n", name, count);
        fflush(stdout);
        mutate(inputs, count, mutants);
        printf("ok 2 - %s: %u random changes of them\n", name, mutants);
        free(inputs);
        free(text);
        return 0;
}
