#include "ctl/crew.h"
#include "ctl/scan.h"
#include "kept-attack.h"

#include <pthread.h>
#include <sys/resource.h>

/* ---- threads that there are not ---- */

int __real_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

static unsigned created, allowed = UINT32_MAX;

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
        if (created >= allowed)
                return EAGAIN;
        created++;
        return __real_pthread_create(t, attr, fn, arg);
}

/* ---- files ---- */

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);

static unsigned opened; /* segments */

int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
        int fd = __real_openat(dirfd, path, flags, 0640);

        opened += fd >= 0 && strstr(path, ".jsonl.") && (flags & O_ACCMODE) == O_RDONLY;
        return fd;
}

/* ---- what a scan told ---- */

struct told {
        struct buf text; /* of frames, in order */
        unsigned frames, pieces, ends;
        unsigned stop_at;       /* this frame ends it */
        unsigned made, dropped; /* results of work */
        unsigned worked;        /* atomic */
        bool open;              /* within a frame */
};

static int on_text(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct told *t = ctx;

        if (!t->open)
                t->frames++;
        t->open = p != NULL;
        if (!p) {
                t->ends++;
                return t->frames == t->stop_at ? 7 : 0;
        }
        CHECK(n > 0 && frame->bytes > 0);
        t->pieces++;
        buf_add(&t->text, p, n);
        return 0;
}

struct made {
        size_t n;
        struct told *told;
        char text[];
};

static void *work(void *ctx, const struct frame_ref *frame, const char *p, size_t n)
{
        struct made *m = mem_new(sizeof(*m) + n);

        CHECK(n == frame->bytes);
        m->n = n;
        m->told = ctx;
        memcpy(m->text, p, n);
        __atomic_add_fetch(&m->told->worked, 1, __ATOMIC_RELAXED);
        return m;
}

static int on_made(void *ctx, const struct frame_ref *frame, void *result)
{
        struct told *t = ctx;
        struct made *m = result;

        CHECK(frame->bytes == m->n);
        t->made++;
        t->frames++;
        buf_add(&t->text, m->text, m->n);
        free(m);
        return t->frames == t->stop_at ? -9 : 0;
}

static void drop(void *result)
{
        struct made *m = result;

        m->told->dropped++;
        free(m);
}

static void told_done(struct told *t)
{
        buf_done(&t->text);
        *t = (struct told){ 0 };
}

/* *s says what is asked for; the rest is filled in. */
static int scan(const struct kept *k, struct scan s, bool working, struct told *t,
                char **ret_damage)
{
        size_t n;
        FILE *f = open_memstream(ret_damage, &n);
        struct damage damage = { .out = f };
        struct chain chain;
        struct err err;
        int r;

        if (chain_open(k->dir, &chain, &err) != 0 || chain_check(&chain, &damage, &err) != 0)
                kept_die("chain", &err);
        s.chain = &chain;
        s.damage = &damage;
        s.streams = s.streams ? s.streams : 1u << STREAM_COMPLETIONS;
        s.text = on_text;
        s.work = working ? work : NULL;
        s.made = on_made;
        s.drop = drop;
        s.ctx = t;
        r = scan_run(&s, &err);
        chain_done(&chain);
        fclose(f);
        return r;
}

static void many(struct kept *k, unsigned segments, unsigned frames)
{
        kept_new(k, PACKING_ZSTD);
        for (unsigned i = 0; i < segments; i++) {
                for (unsigned j = 0; j < frames; j++) {
                        kept_completions(k, 1 + tap_below(40));
                        if (j % 3 == 0)
                                kept_line(k, STREAM_CHANGES,
                                          "{\"type\":\"gone\",\"id\":\"chatcmpl-1\"}");
                        kept_commit(k);
                }
                kept_seal(k);
        }
        kept_close(k);
}

/* ---- tests ---- */

static void in_order(void)
{
        struct told one = { 0 }, t = { 0 };
        struct kept k;
        char *damage;

        many(&k, 10, 12);
        created = 0;
        CHECK(scan(&k, (struct scan){ .jobs = 1 }, false, &one, &damage) == 0);
        CHECK(created == 0 && one.frames == 120 && one.ends == 120 && !*damage);
        free(damage);
        for (unsigned jobs = 0; jobs < 9; jobs++) {
                for (int working = 0; working < 2; working++) {
                        CHECK(scan(&k, (struct scan){ .jobs = jobs }, working, &t, &damage) == 0);
                        CHECK(t.text.n == one.text.n &&
                              memcmp(t.text.p, one.text.p, one.text.n) == 0);
                        CHECK(t.frames == 120 && t.made == (working ? 120 : 0) && !t.dropped);
                        told_done(&t);
                        free(damage);
                }
        }
        CHECK(scan(&k, (struct scan){ .jobs = 3, .streams = 7 }, false, &t, &damage) == 0);
        CHECK(t.frames == 160 && memmem(t.text.p, t.text.n, "gone", 4));
        told_done(&t);
        free(damage);
        told_done(&one);
        kept_drop(&k);
}

/* A commit a second: see kept_commit. */
static void within(void)
{
        struct told t = { 0 };
        struct kept k;
        char *damage;
        usec_t first = KEPT_START + USEC_PER_SEC;

        many(&k, 2, 10);
        for (unsigned jobs = 1; jobs < 3; jobs++) {
                CHECK(scan(&k, (struct scan){ .jobs = jobs, .since = first + 5 * USEC_PER_SEC },
                           false, &t, &damage) == 0);
                CHECK(t.frames == 15);
                told_done(&t);
                free(damage);
                CHECK(scan(&k, (struct scan){ .jobs = jobs, .since = first, .until = first }, false,
                           &t, &damage) == 0);
                CHECK(t.frames == 1);
                told_done(&t);
                free(damage);
        }
        kept_drop(&k);
}

static void stopped(void)
{
        struct kept k;
        char *damage;

        many(&k, 5, 10);
        for (unsigned jobs = 1; jobs < 5; jobs++)
                for (unsigned at = 1; at < 50; at += 7) {
                        struct told t = { .stop_at = at };

                        CHECK(scan(&k, (struct scan){ .jobs = jobs }, false, &t, &damage) == 7);
                        CHECK(t.frames == at);
                        told_done(&t);
                        free(damage);
                        t.stop_at = at;
                        CHECK(scan(&k, (struct scan){ .jobs = jobs }, true, &t, &damage) == -9);
                        CHECK(t.frames == at && t.made == at && t.worked == t.made + t.dropped);
                        CHECK(jobs > 1 || t.worked == at);
                        told_done(&t);
                        free(damage);
                }
        kept_drop(&k);
}

static void damaged(void)
{
        struct told t = { 0 };
        char name[64], *one = NULL, *damage;
        struct kept k;

        many(&k, 6, 8);
        for (int i = 2; i < 6; i += 2) {
                snprintf(name, sizeof(name), KEPT_FOLDER("completions") "%08d.jsonl.zst", i);
                kept_spoil(&k, name, "\x28\xb5\x2f\xfd"); /* the first frame's magic */
        }
        kept_unlink(&k, KEPT_FOLDER("completions") "00000003.jsonl.zst");
        kept_spoil(&k, KEPT_FOLDER("changes") "00000001.jsonl.zst", "\x28\xb5\x2f\xfd");
        for (unsigned jobs = 1; jobs < 6; jobs++) {
                CHECK(scan(&k, (struct scan){ .jobs = jobs }, jobs % 2, &t, &damage) == 0);
                CHECK(t.frames == 48 - 2 - 8);
                if (!one)
                        one = mem_strdup(damage);
                CHECK(strcmp(one, damage) == 0);
                told_done(&t);
                free(damage);
        }
        CHECK(strstr(one, "2.jsonl.zst: offset 0: the frame's bytes have another digest") &&
              strstr(one, "3.jsonl.zst: offset 0: it is missing") && !strstr(one, "changes"));
        free(one);
        kept_drop(&k);
}

/* A ledger that proves itself, and says another size than the frame has: nothing of it is shown. */
static void other_size(void)
{
        static const char *const bytes[] = { "\"bytes\":176", "\"bytes\":178", "\"bytes\":1",
                                             "\"bytes\":0", "\"bytes\":99999999999" };

        for (size_t i = 0; i < ELEMENTS(bytes); i++) {
                struct told t = { 0 };
                struct kept k;
                char *damage;

                kept_small(&k, PACKING_ZSTD);
                forget_catalog(&k);
                forge(&k, 1, "\"bytes\":177", bytes[i]);
                CHECK(scan(&k, (struct scan){ .jobs = 2 }, false, &t, &damage) == 0);
                CHECK(t.frames == (i == 4 ? 4 : 3) &&
                      strstr(damage, SEALED ": offset 0: the frame"));
                told_done(&t);
                free(damage);
                kept_drop(&k);
        }
}

/* One that is too large for memory comes in pieces, in its place. */
static void large(void)
{
        size_t n = 17 << 20;
        char *line = mem_new(n + 1), *damage;
        struct kept k;

        memset(line, 'x', n);
        kept_new(&k, PACKING_ZSTD);
        kept_completions(&k, 2);
        kept_commit(&k);
        kept_line(&k, STREAM_COMPLETIONS, line);
        kept_commit(&k);
        kept_completions(&k, 2);
        kept_commit(&k);
        for (unsigned jobs = 1; jobs < 4; jobs++)
                for (int working = 0; working < 2; working++) {
                        struct told t = { 0 };
                        const char *p;

                        CHECK(scan(&k, (struct scan){ .jobs = jobs }, working, &t, &damage) == 0);
                        CHECK(!*damage && t.frames == 3 && t.ends == (working ? 1 : 3));
                        CHECK(t.pieces > 17 && t.made == (working ? 2 : 0));
                        CHECK(t.text.n > n + 1 && t.text.n < n + 400);
                        p = memchr(t.text.p, 'x', t.text.n);
                        CHECK(p && strstr(t.text.p, "chatcmpl-2") < p &&
                              strstr(t.text.p, "chatcmpl-3") > p + n);
                        told_done(&t);
                        free(damage);
                        t.stop_at = 2;
                        CHECK(scan(&k, (struct scan){ .jobs = jobs }, working, &t, &damage) == 7);
                        told_done(&t);
                        free(damage);
                }
        free(line);
        kept_drop(&k);
}

/* As few threads as the system gives, and none. */
static void few_threads(void)
{
        struct told t = { 0 };
        struct kept k;
        char *damage;

        many(&k, 2, 10);
        for (allowed = 0; allowed < 4; allowed++) {
                created = 0;
                CHECK(scan(&k, (struct scan){ .jobs = 3 }, true, &t, &damage) == 0);
                CHECK(t.frames == 20 && created == (allowed < 3 ? allowed : 3));
                told_done(&t);
                free(damage);
        }
        allowed = UINT32_MAX;
        created = 0;
        CHECK(scan(&k, (struct scan){ .jobs = 5000 }, true, &t, &damage) == 0);
        CHECK(t.frames == 20 && created == CREW_MAX);
        told_done(&t);
        free(damage);
        kept_drop(&k);
}

/* A segment is opened once for its frames, and not longer than for them. */
static void few_files(void)
{
        struct rlimit old, low;
        struct told t = { 0 };
        struct kept k;
        char *damage;

        many(&k, 60, 4);
        CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
        low = old;
        low.rlim_cur = 24;
        CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
        opened = 0;
        CHECK(scan(&k, (struct scan){ .jobs = 3, .streams = 7 }, false, &t, &damage) == 0);
        CHECK(t.frames == 60 * 4 + 60 * 2 && !*damage);
        CHECK(opened == 60 + 60);
        CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
        told_done(&t);
        free(damage);
        kept_drop(&k);
}

int main(void)
{
        RUN(in_order, "frames come in the ledger's order, with any number of threads");
        RUN(within, "frames are told by their time");
        RUN(stopped, "a callback ends it, and what was made for it is freed");
        RUN(damaged, "damaged frames are left out, and told in order");
        RUN(other_size, "a frame of another size than the ledger says is left out");
        RUN(large, "a frame too large for memory comes in pieces, in its place");
        RUN(few_threads, "as few threads as there are do it");
        RUN(few_files, "no more files are open than are read");
        return tap_end();
}
