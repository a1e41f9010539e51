/* Every system call of an archive's life fails once, fails for ever, is cut short, or is the last
 * before a kill. Whatever happens: what was acknowledged is there exactly once, and nothing twice.
 *
 * LDFLAGS: -Wl,--wrap=pwrite,--wrap=pread,--wrap=fdatasync,--wrap=fsync,--wrap=ftruncate,--wrap=renameat,--wrap=openat,--wrap=copy_file_range,--wrap=mkdirat,--wrap=unlinkat,--wrap=fchmod,--wrap=close,--wrap=sqlite3_step,--wrap=sqlite3_extended_errcode
 */
#include "life.h"

#include <sys/mman.h>
#include <sys/wait.h>

/* The calls whose failure nobody may pass over. */
static bool must_be_told(const char *call)
{
        return strcmp(call, "pwrite") == 0 || strcmp(call, "fdatasync") == 0 ||
               strcmp(call, "fsync") == 0 || strcmp(call, "renameat") == 0 ||
               strcmp(call, "sqlite3_step") == 0;
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
        drop_units();
        munmap(life, sizeof(*life));
        return tap_end();
}
