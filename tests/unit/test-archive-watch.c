/* What an archive tells its owner: that long work goes on, and that a segment is given up.
 *
 * LDFLAGS: -Wl,--wrap=pread,--wrap=copy_file_range,--wrap=fdatasync */
#include "model.h"
#include "store/archive_core.h"

#define LONG \
        (6 << 20) /* bytes: of everything that a start reads, much more than between two tells */
/* Lines and bytes are counted apart, and a read may be half a block further. */
#define QUIET_MAX (2 * WORK_BYTES + WORK_BYTES / 2)

static struct {
        unsigned tells;
        uint64_t quiet, longest; /* bytes read since it was told last, and at most */
        bool sync_fails;
        bool pretends;             /* copying is only said to be done: nothing is written */
        unsigned syncs, sync_at;   /* pretending: so many, and which of them fails; 0: none */
        uint64_t copied, unsynced; /* pretending: bytes, in all and at most between two syncs */
        uint64_t dirty;
        unsigned poisoned;
        char path[NAME_MAX_BYTES];
        struct err why;
} heard;

ssize_t __real_pread(int fd, void *p, size_t n, off_t offset);
ssize_t __wrap_pread(int fd, void *p, size_t n, off_t offset);
ssize_t __real_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags);
ssize_t __wrap_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

static void read_more(uint64_t n)
{
        heard.quiet += n;
        if (heard.quiet > heard.longest)
                heard.longest = heard.quiet;
}

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t offset)
{
        ssize_t k = __real_pread(fd, p, n, offset);

        read_more(k > 0 ? (uint64_t)k : 0);
        return k;
}

ssize_t __wrap_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n,
                               unsigned flags)
{
        ssize_t k;

        if (heard.pretends) {
                read_more(n);
                heard.copied += n;
                heard.dirty += n;
                if (heard.dirty > heard.unsynced)
                        heard.unsynced = heard.dirty;
                return (ssize_t)n;
        }
        k = __real_copy_file_range(in, in_at, out, out_at, n, flags);
        read_more(k > 0 ? (uint64_t)k : 0);
        return k;
}

int __wrap_fdatasync(int fd)
{
        char link[64], path[256] = "";

        heard.dirty = 0;
        if (++heard.syncs == heard.sync_at) {
                errno = EIO;
                return -1;
        }
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (heard.sync_fails && readlink(link, path, sizeof(path) - 1) > 0 &&
            strstr(path, "/messages/")) {
                errno = EIO;
                return -1;
        }
        return __real_fdatasync(fd);
}

static void on_working(void *ctx)
{
        CHECK(ctx == &heard);
        heard.tells++;
        heard.quiet = 0;
}

static void on_poisoned(void *ctx, const char *path, const struct err *why)
{
        CHECK(ctx == &heard);
        heard.poisoned++;
        snprintf(heard.path, sizeof(heard.path), "%s", path);
        heard.why = *why;
}

static const struct archive_watch watch = { .working = on_working,
                                            .poisoned = on_poisoned,
                                            .ctx = &heard };

/* Counts the text that comes, and keeps nothing of it. */
static int pass(struct catalog *c, const struct frame_ref *frame, uint64_t walk, usec_t time,
                struct unpack *u, struct err *e)
{
        const char *p;
        size_t n;
        int r;

        (void)c, (void)frame, (void)walk, (void)time;
        while ((r = unpack_next(u, &p, &n, e)) == 0 && n > 0)
                read_more(n);
        return r;
}

static void open_watched(struct model *m)
{
        memset(&heard, 0, sizeof(heard));
        m->config.directory = m->dir;
        m->config.segment_size = 1 << 30;
        CHECK(archive_open(&m->config, pass, &watch, m->now, &m->a, &m->err) == 0);
}

static void append(struct model *m, enum stream stream, size_t size, bool dull)
{
        char *p = mem_new(size);

        for (size_t i = 0; i < size; i++)
                p[i] = dull ? 'x' : (char)('a' + tap_below(16));
        m->spool = m->spool ? m->spool : spool_new(archive_spool_place(m->a));
        CHECK(spool_add(m->spool, p, size, &m->err) == 0 &&
              spool_end_line(m->spool, &m->err) == 0 &&
              archive_append(m->a, stream, m->spool, "", m->now, &m->err) == 0);
        m->spool = spool_free(m->spool);
        free(p);
}

static void add_bytes(struct model *m, const char *file, size_t n)
{
        struct buf b = BUF_INIT;
        size_t size;
        char *p = scratch_read(m->dir, file, &size);

        buf_add(&b, p, size);
        for (size_t i = 0; i < n; i++)
                buf_putc(&b, 'x');
        scratch_write(m->dir, file, buf_str(&b), b.n, 0640);
        buf_done(&b);
        free(p);
}

/* Lines that say nothing, in one group behind those that are there. */
static void add_lines(struct model *m, struct ledger_head head)
{
        int fd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char members[1000];
        struct ledger *l;

        snprintf(members, sizeof(members), "\"x\":\"%0900d\"", 0);
        CHECK(ledger_open(fd, &l, &m->err) == 0);
        ledger_set_head(l, &head);
        for (unsigned i = 0; i < LONG / 1000; i++)
                ledger_put(l, m->now, "note", members);
        CHECK(ledger_commit(l, &m->err) == 0);
        ledger_close(l);
        close(fd);
}

static void start_is_watched(struct model *m, const char *what, unsigned at_least)
{
        open_watched(m);
        if (!CHECK(heard.longest < QUIET_MAX) || !CHECK(heard.tells >= at_least))
                printf("# %s: told %u times, at most %llu bytes in silence\n", what, heard.tells,
                       (unsigned long long)heard.longest);
        model_close(m);
}

static void test_working(void)
{
        struct model *m = model_new(PACKING_NONE);
        struct ledger_head head;

        open_watched(m);
        append(m, STREAM_COMPLETIONS, LONG, false);
        CHECK(model_commit(m, NULL, NULL) == 0);
        head = *archive_head(m->a);
        model_close(m);

        /* Proven, copied, read for its digest. */
        start_is_watched(m, "a segment", 3 * LONG / WORK_BYTES - 3);
        add_bytes(m, "completions/archived=2026-11-22/00000001.jsonl.open", LONG);
        start_is_watched(m, "a tail", 4 * LONG / WORK_BYTES - 3);

        scratch_delete(m->dir, CATALOG_FILE);
        start_is_watched(m, "the catalog", 5 * LONG / WORK_BYTES - 4);
        open_watched(m);
        head = *archive_head(m->a);
        model_close(m);
        add_lines(m, head);
        start_is_watched(m, "many lines", 3 * LONG / WORK_BYTES);
        model_free(m);
}

/* Little on the disk, much in the reading. */
static void test_working_dull(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        open_watched(m);
        append(m, STREAM_COMPLETIONS, LONG, true);
        CHECK(model_commit(m, NULL, NULL) == 0);
        model_close(m);
        scratch_delete(m->dir, CATALOG_FILE);
        start_is_watched(m, "dull text", LONG / WORK_BYTES - 1);
        model_free(m);
}

static void test_poisoned(void)
{
        static const char first[] = "messages/archived=2026-11-22/00000001.jsonl.open";
        struct model *m = model_new(PACKING_NONE);
        size_t n;
        char *p;

        open_watched(m);
        append(m, STREAM_MESSAGES, 100, false);
        append(m, STREAM_COMPLETIONS, 100, false);
        CHECK(archive_commit(m->a, m->now, &m->err) == 0 && heard.poisoned == 0);

        append(m, STREAM_MESSAGES, 200, false);
        heard.sync_fails = true;
        CHECK(archive_commit(m->a, m->now, &m->err) < 0 && m->err.errnum == EIO);
        CHECK(heard.poisoned == 1 && strcmp(heard.path, first) == 0);
        CHECK(heard.why.errnum == EIO && strstr(heard.why.text, "cannot sync"));
        CHECK(!archive_is_stale(m->a));

        heard.sync_fails = false;
        append(m, STREAM_MESSAGES, 300, false);
        CHECK(archive_commit(m->a, m->now, &m->err) == 0 && heard.poisoned == 1);
        p = scratch_read(m->dir, first, &n);
        CHECK(n == 101);
        CHECK(scratch_exists(m->dir, "messages/archived=2026-11-22/00000002.jsonl.open"));
        free(p);

        /* Nobody needs to listen, nor to ask why. */
        model_close(m);
        CHECK(archive_open(&m->config, pass, NULL, m->now, &m->a, &m->err) == 0);
        append(m, STREAM_MESSAGES, 400, false);
        heard.sync_fails = true;
        CHECK(archive_commit(m->a, m->now, NULL) < 0);
        heard.sync_fails = false;
        model_free(m);
}

/* A file of holes, so long that copying and syncing it in one go would take minutes somewhere. */
static int giant(struct model *m, uint64_t n)
{
        char path[SCRATCH_PATH_MAX];
        int fd;

        scratch_write(m->dir, "giant", "", 0, 0600);
        scratch_join(path, m->dir, "giant");
        fd = open(path, O_RDWR | O_CLOEXEC);
        scratch_must(fd >= 0 && ftruncate(fd, (off_t)n) == 0, path);
        scratch_delete(m->dir, "giant");
        return fd;
}

static void test_giant(void)
{
        const uint64_t n = 2 * (uint64_t)SEGMENT_UNSYNCED_MAX + 12345;
        struct name name = { STREAM_MESSAGES, PACKING_NONE, 1, true, "2026-11-22" };
        struct work work = { .tell = on_working, .ctx = &heard };
        struct model *m = model_new(PACKING_NONE);
        int dirfd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = giant(m, n);
        struct segment *s;

        memset(&heard, 0, sizeof(heard));
        CHECK(segment_new(dirfd, &name, &s, &m->err) == 0);
        heard.pretends = true;
        CHECK(segment_append_file(s, fd, n, &work, &m->err) == 0 && s->written == n);
        CHECK(heard.copied == n && heard.syncs == 2);
        CHECK(heard.unsynced == SEGMENT_UNSYNCED_MAX && heard.dirty == 12345);
        CHECK(heard.longest <= SEGMENT_PIECE + WORK_BYTES);

        heard.sync_at = 3;
        CHECK(segment_append_file(s, fd, n, NULL, &m->err) == SEGMENT_UNSYNCED);
        CHECK(m->err.errnum == EIO && s->written == n);
        segment_free(s);
        close(fd);
        close(dirfd);
        heard.pretends = false;
        model_free(m);
}

/* A record that is longer than what its segment may leave unsynced is too long for a test; that a
 * sync failed is handed over by name. */
static void test_giant_poisoned(void)
{
        static const char first[] = "messages/archived=2026-11-22/00000001.jsonl.open";
        struct model *m = model_new(PACKING_NONE);
        struct err e = { 0 };
        struct model_read r = { 0 };

        open_watched(m);
        append(m, STREAM_MESSAGES, 100, false);
        CHECK(archive_commit(m->a, m->now, &m->err) == 0);
        append(m, STREAM_COMPLETIONS, 100, false);
        append(m, STREAM_MESSAGES, SPOOL_MEMORY + 1, false); /* in the same group and segment */
        err_sys(&e, EIO, "cannot sync it");
        CHECK(archive_poison(m->a, STREAM_MESSAGES, &e) < 0 && strstr(e.text, first));
        CHECK(heard.poisoned == 1 && strcmp(heard.path, first) == 0);
        CHECK(archive_back(m->a, &m->err) == 0);
        CHECK(archive_commit(m->a, m->now, &m->err) == 0); /* of nothing */
        append(m, STREAM_MESSAGES, 300, false);
        CHECK(archive_commit(m->a, m->now, &m->err) == 0);
        CHECK(model_read(m->dir, &r) && r.text[STREAM_MESSAGES].n == 402);
        CHECK(r.text[STREAM_COMPLETIONS].n == 0 && r.last[STREAM_MESSAGES].number == 2);
        model_read_done(&r);
        model_free(m);
}

/* What was copied, synced and sealed counts, also when nothing is opened. */
static void test_working_on(void)
{
        struct model *m = model_new(PACKING_NONE);
        unsigned tells;

        open_watched(m);
        tells = heard.tells;
        append(m, STREAM_COMPLETIONS, LONG, false);
        CHECK(heard.tells >= tells + LONG / WORK_BYTES);
        tells = heard.tells;
        CHECK(archive_commit(m->a, m->now, &m->err) == 0 && heard.tells == tells + 1);
        CHECK(archive_seal(m->a, m->now, true, &m->err) == 0 && heard.tells == tells + 2);
        model_free(m);
}

int main(void)
{
        RUN(test_working, "a long start tells again and again that it goes on");
        RUN(test_working_dull, "text that is long only when it is unpacked counts, too");
        RUN(test_poisoned, "a segment whose sync failed is told, and takes no further frame");
        RUN(test_giant, "a giant is copied in pieces and synced on the way");
        RUN(test_giant_poisoned, "a giant whose sync fails on the way takes its group with it");
        RUN(test_working_on, "a giant, a long commit and a long seal tell that they go on");
        return tap_end();
}
