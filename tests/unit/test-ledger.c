#include "base/fsio.h"
#include "base/mem.h"
#include "store/ledger.h"
#include "scratch.h"
#include "tap.h"

#include <signal.h>
#include <sys/resource.h>

#define NOON     ((usec_t)1795348800 * USEC_PER_SEC)
#define HASH_KEY ",\"hash\":\""

/* A line that was put, as the test remembers it. */
struct put {
        usec_t now;
        char *members;
        uint64_t group;
};

struct fixture {
        char *dir;
        int dirfd;
        struct ledger *ledger;
        struct put *puts;
        size_t n;
};

static struct fixture fixture_new(void)
{
        struct fixture f = { .dir = scratch_new() };
        struct err e;

        f.dirfd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        scratch_must(f.dirfd >= 0 && ledger_open(f.dirfd, &f.ledger, &e) == 0, f.dir);
        return f;
}

static void fixture_done(struct fixture *f)
{
        for (size_t i = 0; i < f->n; i++)
                free(f->puts[i].members);
        free(f->puts);
        ledger_close(f->ledger);
        close(f->dirfd);
        scratch_drop(f->dir);
}

/* A group of lines with members of about these lengths; committed. */
static void put_group(struct fixture *f, size_t lines, size_t length)
{
        uint64_t last = ledger_head(f->ledger)->seq + lines;
        struct err e;

        for (size_t i = 0; i < lines; i++) {
                struct put *p;
                struct buf b = BUF_INIT;
                size_t n = tap_below((unsigned)length);

                f->puts = mem_resize(f->puts, (f->n + 1) * sizeof(*f->puts));
                p = &f->puts[f->n++];
                p->now = NOON + (usec_t)(tap_random() % 1000000000000);
                p->group = last;
                if (tap_below(4)) {
                        buf_puts(&b, "\"filling\":\"");
                        while (b.n < n)
                                buf_putc(&b, (char)('a' + tap_below(26)));
                        buf_puts(&b, "\"");
                }
                p->members = mem_strdup(buf_str(&b));
                buf_done(&b);
                ledger_put(f->ledger, p->now, "some\"type", p->members);
        }
        CHECK(ledger_commit(f->ledger, &e) == 0);
}

/* What the interface promises of a line, written anew from the promise. */
static void expected_line(struct buf *out, const struct put *p, uint64_t seq,
                          char hash[static SHA256_HEX_SIZE])
{
        char time[CLOCK_TEXT_MAX];
        uint8_t digest[SHA256_SIZE];
        size_t start = out->n;

        buf_printf(out, "{\"seq\":%llu,\"time\":\"%s\",\"type\":\"some\\\"type\"%s%s",
                   (unsigned long long)seq, clock_rfc3339(p->now, time), *p->members ? "," : "",
                   p->members);
        buf_printf(out, ",\"group\":%llu,\"prev\":\"%s\"", (unsigned long long)p->group, hash);
        sha256(out->p + start, out->n - start, digest);
        sha256_hex(digest, hash);
        buf_printf(out, "%s%s\"}\n", HASH_KEY, hash);
}

static void test_agree(void)
{
        struct fixture f = fixture_new();
        struct buf want = BUF_INIT;
        char hash[SHA256_HEX_SIZE] = LEDGER_ZERO;
        struct ledger_reader *r;
        struct ledger_line line;
        const char *why;
        struct err e;
        size_t n, at = 0;
        char *text;

        for (int i = 0; i < 100; i++)
                put_group(&f, tap_below(6), tap_below(10) ? 400 : LEDGER_LINE_MAX - 400);
        for (size_t i = 0; i < f.n; i++)
                expected_line(&want, &f.puts[i], i + 1, hash);
        text = scratch_read(f.dir, LEDGER_FILE, &n);
        CHECK(n == want.n && memcmp(text, want.p, n) == 0);

        r = ledger_reader_new(ledger_fd(f.ledger), &LEDGER_START);
        for (size_t i = 0; i < f.n; i++) {
                CHECK(ledger_next(r, &line, &why, &e) == LEDGER_LINE);
                CHECK(line.head.seq == i + 1 && line.offset == at);
                CHECK(line.group == f.puts[i].group && line.time == f.puts[i].now);
                CHECK(json_equals(&line.type, "some\"type"));
                CHECK(memcmp(line.text, text + at, line.length) == 0);
                at += line.length + 1;
                CHECK(line.head.offset == at);
        }
        CHECK(ledger_next(r, &line, &why, &e) == LEDGER_END && line.offset == n);
        CHECK(ledger_next(r, &line, &why, &e) == LEDGER_END);
        CHECK(strcmp(hash, ledger_head(f.ledger)->hash) == 0);
        CHECK(ledger_head(f.ledger)->seq == f.n && ledger_head(f.ledger)->offset == n);

        /* A reader sees what is added while it reads. */
        put_group(&f, 1, 100);
        CHECK(ledger_next(r, &line, &why, &e) == LEDGER_LINE && line.head.seq == f.n);
        ledger_reader_free(r);
        buf_done(&want);
        free(text);
        fixture_done(&f);
}

/* Reads a text from the start, as many steps as there are; returns their number. */
struct steps {
        struct {
                int64_t step; /* as wide as the rest: they are compared as bytes */
                uint64_t offset, length, seq;
        } at[1000];
        size_t n;
};

static void read_steps(int fd, const struct ledger_head *from, struct steps *s)
{
        struct ledger_reader *r = ledger_reader_new(fd, from);
        struct ledger_line line;
        const char *why;
        struct err e;

        s->n = 0;
        do {
                why = NULL;
                s->at[s->n].step = ledger_next(r, &line, &why, &e);
                s->at[s->n].offset = line.offset;
                s->at[s->n].length = s->at[s->n].step == LEDGER_END ? 0 : line.length;
                s->at[s->n].seq = s->at[s->n].step == LEDGER_LINE ? line.head.seq : 0;
                if (s->at[s->n].step == LEDGER_BAD || s->at[s->n].step == LEDGER_TAIL)
                        CHECK(why && *why);
        } while (s->at[s->n].step >= 0 && s->at[s->n++].step != LEDGER_END && s->n < 1000);
        ledger_reader_free(r);
}

static void read_text(const char *dir, const char *text, size_t n, struct steps *s)
{
        char path[SCRATCH_PATH_MAX];
        int fd;

        scratch_write(dir, "text", text, n, 0600);
        scratch_join(path, dir, "text");
        fd = open(path, O_RDONLY | O_CLOEXEC);
        read_steps(fd, &LEDGER_START, s);
        close(fd);
}

/* Each byte, changed in each bit and to the two bytes that mean something: its line is bad, those
 * before it are good, and the one behind it is good on its own word. */
static void test_changed(void)
{
        struct fixture f = fixture_new();
        struct steps good, s;
        char *text;
        size_t n;

        put_group(&f, 3, 60);
        put_group(&f, 1, 60);
        text = scratch_read(f.dir, LEDGER_FILE, &n);
        read_text(f.dir, text, n, &good);
        CHECK(good.n == 5);
        for (size_t at = 0, k = 0; at < n; at++) {
                size_t newline = good.at[k].offset + good.at[k].length;
                char was = text[at];

                for (int bit = 0; bit < 10; bit++) {
                        text[at] = (char)(bit < 8 ? was ^ (1 << bit) : bit == 8 ? '\n' : '\0');
                        if (text[at] == was)
                                continue;
                        read_text(f.dir, text, n, &s);
                        for (size_t i = 0; i < k; i++)
                                CHECK(s.at[i].step == LEDGER_LINE && s.at[i].seq == i + 1);
                        CHECK(s.at[k].step == LEDGER_BAD);
                        CHECK(s.at[k].offset == good.at[k].offset);
                        if (at != newline && text[at] != '\n') {
                                CHECK(s.n == 5);
                                for (size_t i = k + 1; i < 4; i++)
                                        CHECK(s.at[i].step == LEDGER_LINE && s.at[i].seq == i + 1);
                        } else if (at == newline && k < 2) {
                                CHECK(s.n == 4 && s.at[k + 1].seq == k + 3);
                        }
                }
                text[at] = was;
                k += at == newline;
        }
        free(text);
        fixture_done(&f);
}

static void test_cut(void)
{
        struct fixture f = fixture_new();
        struct steps good, s;
        char *text;
        size_t n;

        put_group(&f, 2, 100);
        put_group(&f, 2, 100);
        text = scratch_read(f.dir, LEDGER_FILE, &n);
        read_text(f.dir, text, n, &good);
        for (size_t cut = 0; cut <= n; cut++) {
                size_t k = 0;

                while (k < 4 && good.at[k].offset + good.at[k].length + 1 <= cut)
                        k++;
                read_text(f.dir, text, cut, &s);
                for (size_t i = 0; i < k; i++)
                        CHECK(s.at[i].step == LEDGER_LINE);
                if (cut == good.at[k].offset) {
                        CHECK(s.n == k + 1 && s.at[k].step == LEDGER_END);
                } else {
                        CHECK(s.n == k + 2 && s.at[k].step == LEDGER_TAIL);
                        CHECK(s.at[k].offset == good.at[k].offset);
                        CHECK(s.at[k].length == cut - good.at[k].offset);
                }
        }
        free(text);
        fixture_done(&f);
}

/* Lines taken out, doubled, exchanged: each line proves itself, but the chain does not. */
static void test_order(void)
{
        static const int orders[][4] = {
                { 1, 2, 3, -1 }, { 0, 2, 3, -1 }, { 0, 0, 1, 2 },
                { 1, 0, 2, 3 },  { 0, 1, 1, 2 },  { 0, 2, 1, 3 },
        };
        struct fixture f = fixture_new(), g = fixture_new();
        struct buf mixed = BUF_INIT;
        struct steps good, s;
        char *text, *other;
        size_t n, m;

        put_group(&f, 4, 100);
        put_group(&g, 4, 100);
        text = scratch_read(f.dir, LEDGER_FILE, &n);
        other = scratch_read(g.dir, LEDGER_FILE, &m);
        read_text(f.dir, text, n, &good);
        for (size_t i = 0; i < ELEMENTS(orders); i++) {
                bool bad = false;

                buf_clear(&mixed);
                for (int k = 0; k < 4 && orders[i][k] >= 0; k++)
                        buf_add(&mixed, text + good.at[orders[i][k]].offset,
                                good.at[orders[i][k]].length + 1);
                read_text(f.dir, mixed.p, mixed.n, &s);
                for (size_t k = 0; k < s.n; k++)
                        bad |= s.at[k].step == LEDGER_BAD;
                CHECK(bad);
        }
        /* The number is right, but it is another ledger's line. */
        buf_clear(&mixed);
        buf_add(&mixed, text, good.at[1].offset);
        read_text(g.dir, other, m, &s);
        buf_add(&mixed, other + s.at[1].offset, m - s.at[1].offset);
        read_text(f.dir, mixed.p, mixed.n, &s);
        CHECK(s.at[0].step == LEDGER_LINE && s.at[1].step == LEDGER_BAD);
        buf_done(&mixed);
        free(text);
        free(other);
        fixture_done(&f);
        fixture_done(&g);
}

static void test_middle(void)
{
        struct fixture f = fixture_new();
        struct ledger_head heads[10], from;
        struct steps s;

        for (size_t i = 0; i < ELEMENTS(heads); i++) {
                heads[i] = *ledger_head(f.ledger);
                put_group(&f, 1, 300);
        }
        for (size_t i = 0; i < ELEMENTS(heads); i++) {
                read_steps(ledger_fd(f.ledger), &heads[i], &s);
                CHECK(s.n == ELEMENTS(heads) - i + 1);
                for (size_t k = 0; k + 1 < s.n; k++)
                        CHECK(s.at[k].step == LEDGER_LINE && s.at[k].seq == i + k + 1);

                from = (struct ledger_head){ .offset = heads[i].offset }; /* nothing is known */
                read_steps(ledger_fd(f.ledger), &from, &s);
                CHECK(s.n == ELEMENTS(heads) - i + 1 && s.at[0].step == LEDGER_LINE);

                from = heads[i];
                from.hash[tap_below(64)] ^= 1;
                read_steps(ledger_fd(f.ledger), &from, &s);
                CHECK(s.at[0].step == LEDGER_BAD && s.at[1].step != LEDGER_BAD);

                from = heads[i];
                from.seq++;
                read_steps(ledger_fd(f.ledger), &from, &s);
                CHECK(s.at[0].step == LEDGER_BAD);

                from = heads[i];
                from.offset++;
                read_steps(ledger_fd(f.ledger), &from, &s);
                CHECK(s.at[0].step == LEDGER_BAD);
        }
        fixture_done(&f);
}

/* Texts of good lines, junk of every length, and long lines at every alignment, against a reading
 * of the whole text in memory. */
static void expect_steps(const char *text, size_t n, struct steps *s)
{
        bool lost = false;
        uint64_t seq = 0;

        memset(s, 0, sizeof(*s));
        for (size_t at = 0; at < n;) {
                const char *newline = memchr(text + at, '\n', n - at);
                size_t length = newline ? (size_t)(newline - text) - at : n - at;
                uint64_t own = 0;

                s->at[s->n].offset = at;
                s->at[s->n].length = length;
                if (newline && length <= LEDGER_LINE_MAX && text[at] == '{') /* junk never does */
                        own = strtoull(text + at + strlen("{\"seq\":"), NULL, 10);
                if (!newline) {
                        s->at[s->n].step = LEDGER_TAIL;
                } else if (own && (lost || own == seq + 1)) {
                        s->at[s->n].step = LEDGER_LINE;
                        s->at[s->n].seq = seq = own;
                        lost = false;
                } else {
                        s->at[s->n].step = LEDGER_BAD;
                        lost = true;
                }
                s->n++;
                at += length + (newline ? 1 : 0);
        }
        s->at[s->n].step = LEDGER_END;
        s->at[s->n++].offset = n;
}

static void test_junk(void)
{
        struct fixture f = fixture_new();
        struct steps good, want, s;
        struct buf mixed = BUF_INIT;
        char *text;
        size_t n;

        for (int i = 0; i < 20; i++)
                put_group(&f, 1, i % 4 ? 300 : LEDGER_LINE_MAX - 500);
        text = scratch_read(f.dir, LEDGER_FILE, &n);
        read_text(f.dir, text, n, &good);
        for (int round = 0; round < 200; round++) {
                buf_clear(&mixed);
                for (size_t k = 0; k < 20; k++) {
                        unsigned what = tap_below(12);
                        size_t junk = what == 0   ? tap_below(300)
                                      : what == 1 ? LEDGER_LINE_MAX - 1 + tap_below(4)
                                      : what == 2 ? tap_below(5 * LEDGER_LINE_MAX)
                                                  : 0;

                        for (size_t i = 0; i < junk; i++)
                                buf_putc(&mixed, 'x');
                        if (what < 3 && (k < 19 || tap_below(2)))
                                buf_putc(&mixed, '\n');
                        if (what >= 3)
                                buf_add(&mixed, text + good.at[k].offset, good.at[k].length + 1);
                }
                expect_steps(buf_str(&mixed), mixed.n, &want);
                read_text(f.dir, buf_str(&mixed), mixed.n, &s);
                if (!CHECK(s.n == want.n) ||
                    !CHECK(memcmp(s.at, want.at, s.n * sizeof(s.at[0])) == 0))
                        break;
        }
        buf_done(&mixed);
        free(text);
        fixture_done(&f);
}

/* The longest line that can be read can be written, and no longer one. */
static void test_longest(void)
{
        struct fixture f = fixture_new();
        struct buf members = BUF_INIT;
        struct ledger_head before;
        struct err e = { 0 };
        struct steps s;

        ledger_put(f.ledger, NOON, "t", "\"x\":\"\"");
        CHECK(ledger_commit(f.ledger, &e) == 0);
        before = *ledger_head(f.ledger);
        buf_puts(&members, "\"x\":\"");
        while (members.n < LEDGER_LINE_MAX - before.offset + 1 + strlen("\"x\":\""))
                buf_putc(&members, 'y');
        buf_puts(&members, "\"");
        ledger_put(f.ledger, NOON, "t", members.p);
        CHECK(ledger_commit(f.ledger, &e) == 0);
        CHECK(ledger_head(f.ledger)->offset == before.offset + LEDGER_LINE_MAX + 1);

        before = *ledger_head(f.ledger);
        members.p[members.n - 1] = 'z';
        buf_puts(&members, "\"");
        ledger_put(f.ledger, NOON, "t", "");
        ledger_put(f.ledger, NOON, "t", members.p);
        CHECK(ledger_commit(f.ledger, &e) == -1 && e.kind == ERR_BUG);
        CHECK(memcmp(ledger_head(f.ledger), &before, sizeof(before)) == 0);
        ledger_put(f.ledger, NOON, "t", "");
        CHECK(ledger_commit(f.ledger, &e) == 0);
        read_steps(ledger_fd(f.ledger), &LEDGER_START, &s);
        CHECK(s.n == 4 && s.at[2].seq == 3);
        buf_done(&members);
        fixture_done(&f);
}

/* A line may be too long and yet prove itself: it is bad wherever it comes to lie in a reader's
 * memory. */
static void test_too_long(void)
{
        struct fixture f = fixture_new();
        struct buf members = BUF_INIT;
        struct steps s;

        while (members.n < LEDGER_LINE_MAX)
                buf_puts(&members, *buf_str(&members) ? "y" : "\"x\":\"");
        buf_puts(&members, "\"");
        for (int i = 0; i < 40; i++) {
                struct put p = { .now = NOON, .members = members.p, .group = 3 };
                struct put brief = { .now = NOON, .members = mem_strdup(members.p), .group = 3 };
                char hash[SHA256_HEX_SIZE] = LEDGER_ZERO;
                struct buf text = BUF_INIT;

                snprintf(brief.members + 9 + tap_below(LEDGER_LINE_MAX - 400), 2, "\"");
                expected_line(&text, &brief, 1, hash);
                expected_line(&text, &p, 2, hash);
                expected_line(&text, &brief, 3, hash);
                read_text(f.dir, text.p, text.n, &s);
                CHECK(s.n == 4 && s.at[0].seq == 1 && s.at[2].seq == 3);
                CHECK(s.at[1].step == LEDGER_BAD);
                free(brief.members);
                buf_done(&text);
        }
        buf_done(&members);
        fixture_done(&f);
}

static void test_members(void)
{
        struct fixture f = fixture_new();
        struct ledger_reader *r;
        struct ledger_line line;
        const char *why;
        char text[6];
        uint64_t n = 77;
        struct err e;

        ledger_put(
                f.ledger, NOON, "t",
                "\"a\":5,\"b\":-1,\"c\":1.0,\"d\":\"12345\",\"e\":\"123456\",\"f\":\"a\\u0000b\","
                "\"g\":null,\"h\":\"\\u00e9\\n\",\"i\":9223372036854775808,\"j\":\"\",\"k\":"
                "\"123\\u00345\",\"l\":\"123\\u003456\"");
        CHECK(ledger_commit(f.ledger, &e) == 0);
        r = ledger_reader_new(ledger_fd(f.ledger), &LEDGER_START);
        CHECK(ledger_next(r, &line, &why, &e) == LEDGER_LINE);
        CHECK(line.group == 1);
        CHECK(ledger_uint(&line.members, "a", &n) && n == 5);
        CHECK(!ledger_uint(&line.members, "b", &n) && !ledger_uint(&line.members, "c", &n));
        CHECK(!ledger_uint(&line.members, "d", &n) && !ledger_uint(&line.members, "g", &n));
        CHECK(!ledger_uint(&line.members, "i", &n) && !ledger_uint(&line.members, "x", &n));
        CHECK(n == 5);
        CHECK(ledger_text(&line.members, "d", text, sizeof(text)) && strcmp(text, "12345") == 0);
        CHECK(!ledger_text(&line.members, "e", text, sizeof(text)));
        CHECK(!ledger_text(&line.members, "f", text, sizeof(text)));
        CHECK(!ledger_text(&line.members, "g", text, sizeof(text)));
        CHECK(!ledger_text(&line.members, "a", text, sizeof(text)));
        CHECK(!ledger_text(&line.members, "x", text, sizeof(text)));
        CHECK(strcmp(text, "12345") == 0);
        CHECK(ledger_text(&line.members, "h", text, sizeof(text)) &&
              strcmp(text, "\xc3\xa9\n") == 0);
        CHECK(ledger_text(&line.members, "j", text, sizeof(text)) && *text == '\0');
        CHECK(ledger_text(&line.members, "k", text, sizeof(text)) && strcmp(text, "12345") == 0);
        CHECK(!ledger_text(&line.members, "l", text, sizeof(text)));
        CHECK(strcmp(text, "12345") == 0);
        ledger_reader_free(r);
        fixture_done(&f);
}

static void test_lock(void)
{
        struct fixture f = fixture_new();
        struct ledger *other = NULL;
        struct err e = { 0 };

        CHECK(ledger_open(f.dirfd, &other, &e) == LEDGER_LOCKED && other == NULL);
        f.ledger = ledger_close(f.ledger);
        CHECK(ledger_open(f.dirfd, &other, &e) == 0);
        CHECK(ledger_open(f.dirfd, &f.ledger, &e) == LEDGER_LOCKED);
        ledger_close(other);
        CHECK(ledger_close(NULL) == NULL);
        CHECK(ledger_open(f.dirfd, &f.ledger, &e) == 0);
        fixture_done(&f);
}

static void test_rewrite(void)
{
        struct fixture f = fixture_new();
        struct err e = { 0 };
        char *before, *after;
        size_t n, m;

        put_group(&f, 8, LEDGER_LINE_MAX - 500);
        before = scratch_read(f.dir, LEDGER_FILE, &n);
        for (int i = 0; i < 20; i++) {
                CHECK(ledger_rewrite(f.ledger, tap_below((unsigned)n + 1), &e) == 0);
                after = scratch_read(f.dir, LEDGER_FILE, &m);
                CHECK(m == n && memcmp(before, after, n) == 0);
                free(after);
        }
        CHECK(ftruncate(ledger_fd(f.ledger), (off_t)n - 1) == 0);
        CHECK(ledger_rewrite(f.ledger, 0, &e) < 0 && e.kind == ERR_DAMAGE);
        free(before);
        fixture_done(&f);
}

/* A write that comes to the file's limit in the middle of a group: nothing of the group is left. */
static void test_full(void)
{
        struct fixture f = fixture_new();
        struct rlimit all, some;
        struct ledger_head head;
        struct err e = { 0 };
        struct steps s;
        struct stat st;

        signal(SIGXFSZ, SIG_IGN);
        put_group(&f, 3, 300);
        head = *ledger_head(f.ledger);
        getrlimit(RLIMIT_FSIZE, &all);
        for (rlim_t more = 0; more < 700; more += 1 + tap_below(30)) {
                some = (struct rlimit){ head.offset + more, all.rlim_max };
                setrlimit(RLIMIT_FSIZE, &some);
                for (int i = 0; i < 5; i++)
                        ledger_put(f.ledger, NOON, "t", "\"text\":\"some to write\"");
                CHECK(ledger_commit(f.ledger, &e) == -1);
                CHECK(e.kind == ERR_HOST && e.errnum == EFBIG);
                setrlimit(RLIMIT_FSIZE, &all);
                CHECK(fstat(ledger_fd(f.ledger), &st) == 0 && st.st_size == (off_t)head.offset);
                CHECK(ledger_head(f.ledger)->seq == head.seq);
                CHECK(ledger_commit(f.ledger, &e) == 0); /* the group is forgotten */
                CHECK(ledger_head(f.ledger)->seq == head.seq);
        }
        put_group(&f, 3, 300);
        read_steps(ledger_fd(f.ledger), &LEDGER_START, &s);
        CHECK(s.n == 7 && s.at[5].seq == 6);
        fixture_done(&f);
}

int main(void)
{
        RUN(test_agree,
            "what is written is what the interface promises, and is read back the same");
        RUN(test_changed, "every byte that is changed is found, and the next line still speaks");
        RUN(test_cut, "a ledger cut at any byte has its whole lines and a tail");
        RUN(test_order, "lines that were taken out, doubled or exchanged break the chain");
        RUN(test_middle, "a reader may start behind any line, and checks what it was told");
        RUN(test_junk, "junk of any length is one bad line each, and what follows is read");
        RUN(test_longest, "the longest line that can be read is the longest that is written");
        RUN(test_too_long, "a line that is too long is bad, though it proves itself");
        RUN(test_members, "members are taken only if they are there and of their type");
        RUN(test_lock, "one process has the ledger at a time");
        RUN(test_rewrite, "rewriting changes no byte, and finds a file that became shorter");
        RUN(test_full, "a group that finds no room leaves nothing in the file");
        return tap_end();
}
