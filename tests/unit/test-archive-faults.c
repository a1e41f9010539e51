/* Every system call of an archive's life fails once, fails for ever, is cut short, or is the last
 * before a kill. Whatever happens: what was acknowledged is there exactly once, and nothing twice.
 *
 * LDFLAGS: -Wl,--wrap=pwrite,--wrap=pread,--wrap=fdatasync,--wrap=fsync,--wrap=ftruncate,--wrap=renameat,--wrap=openat,--wrap=copy_file_range,--wrap=mkdirat,--wrap=unlinkat,--wrap=fchmod,--wrap=close,--wrap=sqlite3_step
 */
#include "faults.h"
#include "story.h"

#include <sys/mman.h>
#include <sys/wait.h>

#define UNITS 7

/* A completion and what belongs to it: always in one group, so there or not there together. */
struct unit {
        struct buf completion, other;
        enum stream stream; /* of the other */
};

static struct unit units[UNITS];

/* Shared with the processes that are killed. */
static struct {
        bool acknowledged[UNITS];
        bool reported; /* an error came back */
} * life;

static void make_units(void)
{
        static const size_t sizes[UNITS] = { 200, 3000, 200, SPOOL_MEMORY + 5000, 70000, 300, 400 };

        for (unsigned i = 0; i < UNITS; i++) {
                struct unit *u = &units[i];

                u->stream = i % 2 ? STREAM_CHANGES : STREAM_MESSAGES;
                buf_printf(&u->completion, "{\"id\":\"chatcmpl-%u\",\"created\":%u,\"x\":\"", i, i);
                while (u->completion.n < sizes[i])
                        buf_printf(&u->completion, "%016llx", (unsigned long long)tap_random());
                buf_puts(&u->completion, "\"}");
                buf_printf(&u->other,
                           u->stream == STREAM_MESSAGES
                                   ? "{\"completion_id\":\"chatcmpl-%u\"}"
                                   : "{\"type\":\"messages-none\",\"id\":\"chatcmpl-%u\"}",
                           i);
        }
}

static int put(struct model *m, enum stream stream, const struct buf *b)
{
        int r;

        spool_reset(m->spool);
        r = spool_add(m->spool, b->p, b->n, &m->err);
        if (r == 0)
                r = spool_end_line(m->spool, &m->err);
        if (r == 0)
                r = archive_append(m->a, stream, m->spool, "req", m->now, &m->err);
        spool_reset(m->spool);
        if (r == 0)
                r = model_put_rows(archive_catalog(m->a), stream, b->p, b->n, 1, &m->err);
        return r;
}

/* As the walk does it: what the catalog knows is not appended again. */
static int put_unit(struct model *m, const struct unit *u)
{
        struct model_line l = model_parse(STREAM_COMPLETIONS, u->completion.p);
        struct catalog_record known;
        int r = catalog_find(archive_catalog(m->a), l.id, strlen(l.id), &known, &m->err);

        if (r == 0)
                return 0;
        if (r < 0 || put(m, STREAM_COMPLETIONS, &u->completion) < 0 ||
            put(m, u->stream, &u->other) < 0) {
                archive_undo(m->a);
                return -1;
        }
        return 0;
}

/* An error must say what it is. */
static int told(struct model *m, int r)
{
        if (r == 0)
                return 0;
        if (r > 0 || m->err.kind == ERR_NONE || !*m->err.text)
                faults_broken("a failure came without its error");
        if (m->err.kind == ERR_DAMAGE || m->err.kind == ERR_BUG)
                faults_broken("a failing call was taken for damage");
        life->reported = true;
        m->err = (struct err){ 0 };
        return -1;
}

/* Everything from the first unit that was not acknowledged; 0 if all were. */
static int go_on(struct model *m)
{
        bool seal = false;

        for (size_t i = 0, from = 0; i < UNITS; i++) {
                bool last = i + 1 == UNITS;

                if (!life->acknowledged[i] && told(m, put_unit(m, &units[i])) < 0)
                        return -1;
                if (i % 2 == 0 && !last)
                        continue;
                m->now += USEC_PER_MIN;
                if (told(m, last ? archive_line(m->a, m->now, "note", "", &m->err)
                                 : archive_commit(m->a, m->now, &m->err)) < 0)
                        return -1;
                for (; from <= i; from++)
                        life->acknowledged[from] = true;
                seal = i % 3 == 0 || last;
                if (seal && told(m, archive_seal(m->a, m->now, last, &m->err)) < 0)
                        return -1;
        }
        return 0;
}

/* A life that goes on after failures as long as that has a point, and closes in good order. */
static void live(struct model *m, int tries)
{
        if (told(m, model_open(m)) < 0)
                return;
        while (go_on(m) < 0) {
                archive_undo(m->a); /* as a walk does that failed, whatever the reason */
                if (tries-- == 0)
                        break;
                if (!archive_is_stale(m->a))
                        continue;
                model_close(m);
                faults_new_run();
                if (told(m, model_open(m)) < 0)
                        return;
        }
        model_close(m);
}

/* ---- what must be there ---- */

static unsigned count(const struct buf *text, const struct buf *line)
{
        unsigned n = 0;
        const char *p = buf_str(text);

        while ((p = strstr(p, line->p))) {
                n++;
                p += line->n;
        }
        return n;
}

/* Every unit is there exactly once, and nothing else. The catalog knows the same. */
static bool there(struct model *m)
{
        struct model_read r = { 0 };
        bool ok = model_read(m->dir, &r);
        struct catalog_record known;
        size_t bytes = 0, want = 0;

        for (size_t i = 0; ok && i < UNITS; i++) {
                struct model_line l = model_parse(STREAM_COMPLETIONS, units[i].completion.p);
                unsigned n = count(&r.text[STREAM_COMPLETIONS], &units[i].completion);
                unsigned k = count(&r.text[units[i].stream], &units[i].other);
                int found = catalog_find(archive_catalog(m->a), l.id, strlen(l.id), &known,
                                         &m->err);

                ok = CHECK(n == 1 && k == 1) && CHECK(found == 0) &&
                     CHECK(known.messages ==
                           (units[i].stream == STREAM_MESSAGES ? CATALOG_ARCHIVED : CATALOG_EMPTY));
                want += units[i].completion.n + units[i].other.n + 2;
        }
        for (size_t i = 0; i < STREAMS; i++)
                bytes += r.text[i].n;
        ok = ok && CHECK(bytes == want);
        model_read_done(&r);
        return ok;
}

/* After the life with a fault, one without: everything comes right. */
static bool heals(struct model *m)
{
        bool ok;

        faults_arm(0, FAULT_NONE);
        /* What was acknowledged is not put again, so it has to be there. */
        ok = CHECK(model_open(m) == 0) && CHECK(go_on(m) == 0) && CHECK(there(m));
        if (!ok)
                printf("# %s\n", m->err.text);
        model_close(m);
        if (ok && tap_below(8) == 0) { /* and so does the catalog made anew */
                scratch_delete(m->dir, CATALOG_FILE);
                ok = CHECK(model_open(m) == 0) && CHECK(there(m));
                model_close(m);
        }
        ok = CHECK(faults.broken == NULL) && ok;
        faults.armed = false;
        return ok;
}

/* The calls whose failure nobody may pass over. */
static bool must_be_told(const char *call)
{
        return strcmp(call, "pwrite") == 0 || strcmp(call, "fdatasync") == 0 ||
               strcmp(call, "fsync") == 0 || strcmp(call, "renameat") == 0 ||
               strcmp(call, "sqlite3_step") == 0;
}

static struct model *new_model(void)
{
        struct model *m = model_new(PACKING_ZSTD);

        m->config.segment_size = 100000;
        return m;
}

/* One life with this fault; false when it came to its end without meeting it. */
static bool one_life(unsigned at, enum fault how, int tries, struct model *m)
{
        const char *fired, *broken;
        unsigned calls;
        pid_t pid;
        int status = 0;

        memset(life, 0, sizeof(*life));
        if (how == FAULT_KILL) {
                fflush(stdout);
                pid = fork();
                if (pid == 0) {
                        faults_arm(at, how);
                        live(m, tries);
                        _exit(0);
                }
                waitpid(pid, &status, 0);
                if (!CHECK(WIFEXITED(status)) || WEXITSTATUS(status) == 0)
                        return false;
                fired = broken = NULL;
        } else {
                faults_arm(at, how);
                live(m, tries);
                fired = faults.fired;
                broken = faults.broken;
                calls = faults.calls;
                if (!fired)
                        return false;
                if (how == FAULT_SHORT)
                        CHECK(!life->reported);
                else if (must_be_told(fired) && !CHECK(life->reported))
                        printf("# nobody heard of %s, call %u of %u\n", fired, at, calls);
        }
        if (!CHECK(broken == NULL) || !heals(m))
                printf("# %s: fault %d at call %u: %s\n", fired ? fired : "kill", (int)how, at,
                       broken          ? broken
                       : faults.broken ? faults.broken
                                       : "");
        return true;
}

/* From the first call (or nearly so) to the last, in these strides. */
static void each_call(enum fault how, int tries, unsigned stride)
{
        for (unsigned at = 1 + tap_below(stride); tap_good; at += stride) {
                struct model *m = new_model();
                bool more = one_life(at, how, tries, m);

                faults.armed = false;
                model_free(m);
                if (!more) {
                        CHECK(at > (how == FAULT_SHORT ? 20 : 150)); /* it was a life */
                        return;
                }
        }
}

static void test_fails_once(void)
{
        each_call(FAULT_EIO, 3, 1);
}

static void test_fails_twice(void)
{
        each_call(FAULT_EIO_TWICE, 3, 1);
}

static void test_fails_once_and_ends(void)
{
        each_call(FAULT_ENOSPC, 0, 1);
}

static void test_fails_ever(void)
{
        each_call(FAULT_EIO_EVER, 3, 3);
        each_call(FAULT_ENOSPC_EVER, 0, 3);
}

static void test_short(void)
{
        each_call(FAULT_SHORT, 0, 1);
}

static void test_kill(void)
{
        each_call(FAULT_KILL, 0, 1);
}

/* The first start after a kill does much more than any other; it must bear the same. */
static void faulty_start(const struct story_moment *at, enum fault how)
{
        for (unsigned call = 1; tap_good; call++) {
                struct model *m = story_copy(at, at);
                bool fired;

                memset(life, 0, sizeof(*life));
                faults_arm(call, how);
                told(m, model_open(m));
                model_close(m);
                fired = faults.fired != NULL;
                if (fired && how == FAULT_EIO && must_be_told(faults.fired))
                        CHECK(life->reported);
                if (!CHECK(faults.broken == NULL))
                        printf("# %s, call %u of the start\n", faults.broken, call);
                faults.armed = false;
                if (fired && !story_comes_back(m))
                        printf("# fault %d at call %u of the start\n", (int)how, call);
                model_free(m);
                if (!fired)
                        return;
        }
}

static void test_start(void)
{
        struct story *s = story_tell(PACKING_ZSTD, 3, false);

        for (size_t i = 0; i < s->n && tap_good; i++) {
                if (!s->at[i].dirty && !s->at[i].sealed)
                        continue;
                faulty_start(&s->at[i], i % 2 ? FAULT_EIO : FAULT_EIO_EVER);
                faulty_start(&s->at[i], FAULT_SHORT);
        }
        story_free(s);
}

static ino_t inode(const struct model *m, const char *file)
{
        char path[SCRATCH_PATH_MAX];
        struct stat st = { 0 };

        scratch_join(path, m->dir, file);
        return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* A run that was killed may have seen a sync fail, after which the kernel takes what was lost for
 * written. What the catalog does not reflect is written again, and growing segments are copied. */
static void test_written_anew(void)
{
        static const char file[] = "messages/archived=2026-11-22/00000001.jsonl.open";
        struct model *m = model_new(PACKING_NONE);
        uint64_t before;
        ino_t old;
        size_t n;
        char *p;

        CHECK(model_open(m) == 0);
        CHECK(model_append(m, STREAM_MESSAGES, 100) == 0 && model_commit(m, NULL, NULL) == 0);
        p = scratch_read(m->dir, CATALOG_FILE, &n);
        before = archive_head(m->a)->offset;
        CHECK(model_append(m, STREAM_MESSAGES, 100) == 0 && model_commit(m, NULL, NULL) == 0);
        model_close(m);
        scratch_write(m->dir, CATALOG_FILE, p, n, 0640);
        old = inode(m, file);

        faults_arm(0, FAULT_NONE);
        CHECK(model_open(m) == 0);
        CHECK(faults.ledger_from == before && faults.broken == NULL);
        CHECK(old && inode(m, file) && inode(m, file) != old);
        faults.armed = false;
        CHECK(model_holds(m));
        free(p);
        model_free(m);
}

int main(void)
{
        life = mmap(NULL, sizeof(*life), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        make_units();
        RUN(test_fails_once, "a call that fails once loses nothing, and the life goes on");
        RUN(test_fails_twice, "a call that fails, and the one behind it, lose nothing");
        RUN(test_fails_once_and_ends,
            "a call that fails once loses nothing, and the next life heals");
        RUN(test_fails_ever,
            "when every call fails from one on, the next life finds all of before");
        RUN(test_short, "a write or read that takes a part only is continued");
        RUN(test_kill, "killed before any call, nothing is lost and nothing is there twice");
        RUN(test_written_anew, "a start writes anew what a sync may have lost");
        RUN(test_start, "a start that fails at any call harms nothing");
        for (size_t i = 0; i < UNITS; i++) {
                buf_done(&units[i].completion);
                buf_done(&units[i].other);
        }
        munmap(life, sizeof(*life));
        return tap_end();
}
