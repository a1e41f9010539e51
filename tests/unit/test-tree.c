#include "kept-attack.h"

#include <grp.h>
#include <sys/wait.h>

static const char *const segments[] = { SEALED, SECOND, GROWING, MESSAGE, CHANGE };

static void foreign(void)
{
        static const struct {
                const char *name;
                int r;
                const char *text;
        } cases[] = {
                { "completions/x", VERB_DAMAGED,
                  "damaged: completions/x: offset 0: it is foreign" },
                { KEPT_FOLDER("changes") "x", VERB_DAMAGED, "/x: offset 0: it is foreign" },
                { KEPT_FOLDER("changes") ".nfs0001", VERB_DAMAGED, "it is foreign" },
                { KEPT_FOLDER("changes") "1.jsonl.zst", VERB_DAMAGED, "it is foreign" },
                { KEPT_FOLDER("changes") "\033[2J", VERB_DAMAGED, "/\\u001b[2J: offset 0" },
                { KEPT_FOLDER("messages") "00000001.jsonl.gz", VERB_DAMAGED, "no line of the" },
                { KEPT_FOLDER("messages") "00000002.jsonl.zst", VERB_DAMAGED, "no line of the" },
                { MESSAGE ".open", VERB_DAMAGED,
                  "the segment is there under both of its names: 1 records" },
                { KEPT_FOLDER("messages") "00000002.jsonl.zst.open", VERB_OK,
                  ".open: offset 0: 1 bytes: no frame of it is committed" },
                { "recovered/x", VERB_OK, "clean" },
                { "notes.txt", VERB_OK, "clean" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char path[256];
                struct kept k;

                kept_small(&k, PACKING_ZSTD);
                kept_path(&k, "recovered", path);
                mkdir(path, 0755);
                kept_write(&k, cases[i].name, "x", 1);
                for (int quick = 0; quick < 2; quick++)
                        CHECK(says(&k, quick, cases[i].r, cases[i].text));
                kept_drop(&k);
        }
}

static void no_files(void)
{
        char path[256], to[256];
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_path(&k, "completions/archived=2026-13-01", path);
        CHECK(mkdir(path, 0755) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "archived=2026-13-01: offset 0: it is foreign"));
        rmdir(path);
        kept_path(&k, "completions/archived=2026-12-01", path);
        CHECK(mkdir(path, 0755) == 0); /* a run that was killed before it made the file */
        CHECK(says(&k, false, VERB_OK, "clean"));
        kept_path(&k, "completions/archived=2026-12-01/00000009.jsonl.zst", path);
        CHECK(mkdir(path, 0755) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "a segment is a regular file"));
        rmdir(path);

        kept_rename(&k, SEALED, "x");
        kept_path(&k, SEALED, path);
        CHECK(symlink("../../x", path) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "a segment is a regular file"));
        CHECK(says(&k, false, VERB_DAMAGED, "it is missing: 5 records\nnot clean: 2 damaged, 5 "));
        unlink(path);
        CHECK(mkfifo(path, 0600) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "it is missing: 5 records\nnot clean: 2 damaged, 5 "));
        unlink(path);
        CHECK(mkdir(path, 0755) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "it is missing: 5 records\nnot clean: 2 damaged, 5 "));
        rmdir(path);
        kept_rename(&k, "x", SEALED);

        kept_path(&k, MESSAGE, path);
        kept_path(&k, MESSAGE ".open", to);
        CHECK(link(path, to) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "the segment is there under both of its names"));
        unlink(to);

        kept_rename(&k, "messages", "elsewhere");
        kept_path(&k, "messages", path);
        kept_path(&k, "elsewhere", to);
        CHECK(symlink(to, path) == 0);
        CHECK(says(&k, false, VERB_DAMAGED, "damaged: messages: offset 0: it is foreign"));
        kept_drop(&k);
}

static void modes(void)
{
        char path[256];
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_path(&k, SEALED, path);
        CHECK(chmod(path, 0666) == 0);
        CHECK(code(&k, false) == VERB_OK);
        kept_drop(&k);
}

/* As somebody who may not read it: neither clean nor damaged. Root may read everything. */
static int as_nobody(const struct kept *k, bool quick)
{
        int status;
        pid_t child = fork();

        if (child == 0) {
                if (geteuid() == 0 &&
                    (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(98);
                _exit(code(k, quick));
        }
        return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void unread(void)
{
        static const char *const names[] = { "",         "ledger.jsonl",         "completions",
                                             "messages", KEPT_FOLDER("changes"), SEALED,
                                             GROWING };
        char path[256];
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        CHECK(chmod(k.dir, 0755) == 0);
        for (size_t i = 0; i < ELEMENTS(segments); i++) {
                kept_path(&k, segments[i], path);
                CHECK(chmod(path, 0644) == 0);
                *strrchr(path, '/') = '\0';
                CHECK(chmod(path, 0755) == 0);
                *strrchr(path, '/') = '\0';
                CHECK(chmod(path, 0755) == 0);
        }
        kept_path(&k, LEDGER_FILE, path);
        CHECK(chmod(path, 0644) == 0);
        CHECK(as_nobody(&k, false) == VERB_OK && as_nobody(&k, true) == VERB_OK);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                struct stat st;

                kept_path(&k, names[i], path);
                CHECK(stat(path, &st) == 0 && chmod(path, 0000) == 0);
                CHECK(as_nobody(&k, false) == VERB_NOT);
                CHECK(chmod(path, st.st_mode & 07777) == 0);
        }
        kept_drop(&k);
}

int main(void)
{
        RUN(foreign, "foreign files are found in the stream folders, and there only");
        RUN(no_files, "symbolic links, pipes and strange folders are found");
        RUN(modes, "wrong permissions are no damage");
        RUN(unread, "what may not be read is neither clean nor damaged");
        return tap_end();
}
