/* chatarchive(5) shows a script that proves an archive with public tools alone. It is taken from
 * the page as it stands, and must come to the same verdict as verify. */
#include "kept-attack.h"

#include <sys/wait.h>

static char script[64];

static bool take_script(void)
{
        const char *srcdir = getenv("srcdir");
        _cleanup_free_ char *page = NULL;
        char path[512], *start, *end;
        struct err err;
        int fd;

        snprintf(path, sizeof(path), "%s/daemon/store/chatarchive.5", srcdir ? srcdir : ".");
        if (fsio_slurp(AT_FDCWD, path, 1 << 20, &page, NULL, &err) < 0)
                kept_die("the page", &err);
        start = strstr(page, "#!/bin/sh\n");
        end = start ? strstr(start, ".Ed\n") : NULL;
        if (!CHECK(end != NULL))
                return false;
        *end = '\0';
        CHECK(!strchr(start, '\\')); /* roff would read it */
        snprintf(script, sizeof(script), "/tmp/kept-script-XXXXXX");
        fd = mkstemp(script);
        if (fd < 0 || fsio_write(fd, start, strlen(start), 0, script, &err) < 0)
                kept_die("the script", NULL);
        close(fd);
        return true;
}

/* Its exit code; what it prints goes to *out. */
static int run_script(const struct kept *k, char *out, size_t room)
{
        char command[512];
        FILE *f;
        size_t n;
        int status;

        snprintf(command, sizeof(command), "LC_ALL=C sh %s %s 2>&1", script, k->dir);
        f = popen(command, "r");
        if (!f)
                kept_die("popen", NULL);
        n = fread(out, 1, room - 1, f);
        out[n] = '\0';
        status = pclose(f);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void agrees(const struct kept *k, int r, const char *what)
{
        char out[8192];

        if (!CHECK(code(k, false) == r) || !CHECK(run_script(k, out, sizeof(out)) == r))
                printf("# %s\n# %s\n", what, out);
}

static void whole(void)
{
        for (enum packing p = 0; p < PACKINGS; p++) {
                struct args a = attack_args(false);
                char out[8192];
                struct said s;
                struct kept k;

                kept_small(&k, p);
                agrees(&k, VERB_OK, packing_name(p));
                run_script(&k, out, sizeof(out));
                SAY(&s, &k, verify_archive(&v, &a));
                CHECK(strncmp(out, "head: 11:", 9) == 0 && strstr(s.out, out));
                said_done(&s);
                kept_drop(&k);
        }
}

static void uncommitted(void)
{
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        kept_add(&k, GROWING, "tail");
        kept_add(&k, LEDGER_FILE, "{\"seq\":");
        agrees(&k, VERB_OK, "tails");
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text));
        agrees(&k, VERB_OK, "an unfinished group");
        kept_unlink(&k, GROWING);
        agrees(&k, VERB_OK, "what it named is gone");
        free(l.text);
        kept_drop(&k);
}

static void damaged(void)
{
        static const size_t lost[] = { 0, 1, 2, 3, 4, 6, 7, 8, 9, 10 };
        static const char *const spoilt[] = { "gaps",     "req_1",    "\"seal\"",
                                              "\"prev\"", "\"hash\"", "\"}\n{" };
        struct lines l;
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        for (size_t i = 0; i < ELEMENTS(spoilt); i++) {
                kept_spoil(&k, LEDGER_FILE, spoilt[i]);
                agrees(&k, VERB_DAMAGED, spoilt[i]);
                lines_write(&k, &l, (size_t[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, l.n);
        }
        lines_write(&k, &l, lost, ELEMENTS(lost));
        agrees(&k, VERB_DAMAGED, "a lost line");
        lines_write(&k, &l, lost, 1);
        agrees(&k, VERB_DAMAGED, "sealed segments without a line");
        lines_write(&k, &l, (size_t[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, l.n);
        free(l.text);
        agrees(&k, VERB_OK, "as it was");

        text = kept_slurp(&k, SEALED, &n);
        kept_add(&k, SEALED, "x");
        agrees(&k, VERB_DAMAGED, "grown");
        kept_write(&k, SEALED, text, n - 1);
        agrees(&k, VERB_DAMAGED, "cut");
        kept_unlink(&k, SEALED);
        agrees(&k, VERB_DAMAGED, "missing");
        text[n / 2] ^= 8;
        kept_write(&k, SEALED, text, n);
        agrees(&k, VERB_DAMAGED, "a bit");
        free(text);
        kept_drop(&k);

        kept_small(&k, PACKING_NONE); /* nothing but the frame's digest can tell */
        kept_spoil(&k, KEPT_FOLDER("completions") "00000003.jsonl.open", "seed");
        agrees(&k, VERB_DAMAGED, "a bit of a growing segment");
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        kept_write(&k, KEPT_FOLDER("changes") "x", "x", 1);
        agrees(&k, VERB_DAMAGED, "foreign");
        kept_drop(&k);
}

int main(void)
{
        if (take_script()) {
                RUN(whole, "the page's script finds a whole archive clean, in each packing");
                RUN(uncommitted, "what is not committed is no damage to it");
                RUN(damaged, "it finds what verify finds");
                unlink(script);
        }
        return tap_end();
}
