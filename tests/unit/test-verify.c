#include "kept-attack.h"
#include "tap.h"

#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#define UNSEALED KEPT_FOLDER("completions") "00000003.jsonl.zst"

/* ---- whole ---- */

static void whole(void)
{
        for (enum packing p = 0; p < PACKINGS; p++) {
                struct kept k;

                kept_small(&k, p);
                CHECK(says(&k, false, VERB_OK, "5 segments, 6 frames, 10 records, "));
                CHECK(says(&k, false, VERB_OK, "\nhead: 11:"));
                CHECK(says(&k, true, VERB_OK, "\nhead: 11:"));
                forget_catalog(&k);
                CHECK(says(&k, false, VERB_OK, "clean: 5 segments"));
                kept_drop(&k);
        }
}

static void live(void)
{
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        CHECK(code(&k, false) == VERB_OK);
        for (int i = 0; i < 40; i++) {
                kept_completions(&k, 1 + tap_below(5));
                CHECK(code(&k, false) == VERB_OK); /* an open frame's bytes may be there */
                CHECK(code(&k, true) == VERB_OK);
                kept_commit(&k);
                CHECK(code(&k, false) == VERB_OK);
                if (tap_below(4) == 0)
                        kept_seal(&k);
                CHECK(code(&k, false) == VERB_OK);
        }
        kept_drop(&k);
}

/* Another process commits, seals, and starts again (which copies what grows); readers never find
 * anything wrong. */
static void beside(void)
{
        struct kept k;
        pid_t child;
        int status, verified = 0;

        kept_new(&k, PACKING_ZSTD);
        kept_close(&k);
        child = fork();
        if (child == 0) {
                for (int i = 0; i < 300; i++) {
                        kept_open(&k);
                        for (int j = 0; j < 4; j++) {
                                kept_completions(&k, 1 + tap_below(3));
                                kept_line(&k, STREAM_CHANGES,
                                          "{\"type\":\"gone\",\"id\":\"chatcmpl-1\"}");
                                if (tap_below(4))
                                        kept_commit(&k);
                        }
                        kept_commit(&k);
                        if (tap_below(2))
                                kept_seal(&k);
                        kept_close(&k);
                }
                _exit(0);
        }
        while (waitpid(child, &status, WNOHANG) == 0) {
                CHECK(says(&k, verified % 3 == 0, VERB_OK, "clean"));
                verified++;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0 && verified > 10);
        CHECK(says(&k, false, VERB_OK, "clean"));
        kept_drop(&k);
}

/* Nothing but the name of a segment changes, back and forth, as sealing and starts change it. */
static void renamed(void)
{
        const struct timespec pace = { .tv_nsec = 20000 };
        struct kept k;
        pid_t child;
        int status, verified = 0;

        kept_small(&k, PACKING_ZSTD);
        child = fork();
        if (child == 0) {
                for (int i = 0; i < 10000; i++) {
                        kept_rename(&k, GROWING, UNSEALED);
                        nanosleep(&pace, NULL);
                        kept_rename(&k, UNSEALED, GROWING);
                        nanosleep(&pace, NULL);
                }
                _exit(0);
        }
        while (waitpid(child, &status, WNOHANG) == 0) {
                CHECK(says(&k, verified % 2 == 0, VERB_OK, "clean: 5 segments, 6 frames"));
                verified++;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0 && verified > 100);
        kept_drop(&k);
}

static void writes_nothing(void)
{
        struct kept k;
        struct stat before, after;
        char path[256];

        kept_small(&k, PACKING_ZSTD);
        CHECK(stat(k.dir, &before) == 0);
        CHECK(chmod(k.dir, 0550) == 0);
        CHECK(code(&k, false) == VERB_OK);
        CHECK(stat(k.dir, &after) == 0);
        CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
              before.st_mtim.tv_sec == after.st_mtim.tv_sec);
        /* A lock is not asked for either. */
        kept_path(&k, LEDGER_FILE, path);
        int fd = open(path, O_RDONLY);
        CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0);
        CHECK(code(&k, false) == VERB_OK);
        close(fd);
        kept_drop(&k);
}

static void no_archive(void)
{
        struct args a = attack_args(false);
        struct kept k;
        struct said s;
        char path[256];

        kept_small(&k, PACKING_ZSTD);
        kept_rename(&k, LEDGER_FILE, "elsewhere");
        CHECK(says(&k, false, VERB_DAMAGED, "damaged: ledger.jsonl: offset 0: "));
        kept_drop(&k);

        kept_new(&k, PACKING_ZSTD);
        kept_close(&k);
        kept_unlink(&k, LEDGER_FILE);
        CHECK(says(&k, false, VERB_DAMAGED, "catalog.sqlite3 is there"));
        forget_catalog(&k);
        CHECK(says(&k, false, VERB_NOT, ""));
        kept_path(&k, LEDGER_FILE, path);
        CHECK(mkfifo(path, 0600) == 0);
        CHECK(code(&k, false) == VERB_DAMAGED);
        kept_drop(&k);
        SAY(&s, &k, verify_archive(&v, &a));
        CHECK(s.r == VERB_NOT && strstr(s.err, "there is no archive in /"));
        said_done(&s);
}

int main(void)
{
        RUN(whole, "a whole archive is clean, in each packing, with its catalog and without");
        RUN(live, "a growing archive is clean at every moment");
        RUN(beside, "a reader beside a writer finds nothing wrong");
        RUN(renamed, "a segment that changes its name meanwhile is found under either");
        RUN(writes_nothing, "verifying writes nothing and takes no lock");
        RUN(no_archive, "no archive is told from one that lost its ledger");
        return tap_end();
}
