/* What attacks on a small archive have in common: its files, its ledger as lines, and verify's
 * word. */
#pragma once

#include "ctl/verify.h"
#include "kept.h"
#include "tap.h"

#define SEALED  KEPT_FOLDER("completions") "00000001.jsonl.zst"
#define SECOND  KEPT_FOLDER("completions") "00000002.jsonl.zst"
#define GROWING KEPT_FOLDER("completions") "00000003.jsonl.zst.open"
#define MESSAGE KEPT_FOLDER("messages") "00000001.jsonl.zst"
#define CHANGE  KEPT_FOLDER("changes") "00000001.jsonl.zst.open"

/* As many threads as one likes: what is told is the same. Each test is run with some. */
static inline struct args attack_args(bool quick)
{
        static unsigned turn;

        return (struct args){ .quick = quick, .jobs = 1 + turn++ % 3 };
}

static inline int code(const struct kept *k, bool quick)
{
        struct args a = attack_args(quick);
        struct said s;

        SAY(&s, k, verify_archive(&v, &a));
        said_done(&s);
        return s.r;
}

/* Exit code and a text that must be on stdout. */
static inline bool says(const struct kept *k, bool quick, int r, const char *text)
{
        struct args a = attack_args(quick);
        struct said s;
        bool good;

        SAY(&s, k, verify_archive(&v, &a));
        good = s.r == r && strstr(s.out, text);
        if (!good)
                printf("# wanted %d and '%s', came %d:\n# %s# %s\n", r, text, s.r, s.out, s.err);
        said_done(&s);
        return good;
}

static inline void forget_catalog(const struct kept *k)
{
        kept_unlink(k, CATALOG_FILE);
}

/* Every bit of the file flipped in turn has to be found. */
static inline void flip_all(const struct kept *k, const char *name, bool quick)
{
        char path[256], *text;
        size_t n, missed = 0;
        int fd;

        text = kept_slurp(k, name, &n);
        kept_path(k, name, path);
        chmod(path, 0640);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        for (size_t bit = 0; bit < n * 8; bit++) {
                char c = (char)(text[bit / 8] ^ 1 << bit % 8);

                if (pwrite(fd, &c, 1, (off_t)(bit / 8)) != 1)
                        kept_die("pwrite", NULL);
                if (code(k, quick) != VERB_DAMAGED && missed++ == 0)
                        printf("# %s: bit %zu of byte %zu of %zu was missed\n", name, bit % 8,
                               bit / 8, n);
                if (pwrite(fd, &text[bit / 8], 1, (off_t)(bit / 8)) != 1)
                        kept_die("pwrite", NULL);
        }
        close(fd);
        free(text);
        CHECK(missed == 0);
        CHECK(code(k, false) == VERB_OK);
}

/* ---- the ledger as lines ---- */

struct lines {
        char *text, *line[32];
        size_t length[32], n; /* newlines included */
};

static inline void lines_read(const struct kept *k, struct lines *l)
{
        size_t n;
        char *p;

        l->n = 0;
        l->text = p = kept_slurp(k, LEDGER_FILE, &n);
        while (p < l->text + n) {
                char *end = memchr(p, '\n', (size_t)(l->text + n - p));

                l->line[l->n] = p;
                l->length[l->n++] = (size_t)(end + 1 - p);
                p = end + 1;
        }
}

/* The ledger as these of its lines, by their indexes. */
static inline void lines_write(const struct kept *k, const struct lines *l, const size_t *order,
                               size_t n)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        for (size_t i = 0; i < n; i++)
                buf_add(&b, l->line[order[i]], l->length[order[i]]);
        kept_write(k, LEDGER_FILE, buf_str(&b), b.n);
}

/* Replace a text in one line (by its index), and make a whole chain of it all again: a ledger that
 * proves itself and says what is not so. */
static inline void forge(const struct kept *k, size_t line, const char *from, const char *to)
{
        static const size_t tail = sizeof(",\"hash\":\"\"}\n") - 1 + 64;
        _cleanup_buf_ struct buf all = BUF_INIT;
        char prev[SHA256_HEX_SIZE] = LEDGER_ZERO;
        struct lines l;

        lines_read(k, &l);
        for (size_t i = 0; i < l.n; i++) {
                _cleanup_free_ char *body = mem_strndup(l.line[i], l.length[i] - tail);
                char *at = i == line ? strstr(body, from) : NULL;
                size_t start = all.n, n = strlen(body) - 65;
                uint8_t digest[SHA256_SIZE];

                if (i == line && !CHECK(at != NULL))
                        printf("# no '%s' in %s\n", from, body);
                if (at) {
                        buf_add(&all, body, (size_t)(at - body));
                        buf_puts(&all, to);
                        at += strlen(from);
                        buf_add(&all, at, n - (size_t)(at - body));
                } else {
                        buf_add(&all, body, n);
                }
                buf_printf(&all, "%s\"", prev);
                sha256(all.p + start, all.n - start, digest);
                sha256_hex(digest, prev);
                buf_printf(&all, ",\"hash\":\"%s\"}\n", prev);
        }
        kept_write(k, LEDGER_FILE, all.p, all.n);
        free(l.text);
}
