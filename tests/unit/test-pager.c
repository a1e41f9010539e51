#include "ctl/pager.h"
#include "spoken.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[256];

static char *file(const char *name)
{
        static char path[512];

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        return path;
}

static void write_file(const char *name, const char *text)
{
        FILE *f = fopen(file(name), "w");

        if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(file(name), 0755) < 0)
                abort();
}

static bool holds(const char *name, const char *want)
{
        char text[512] = "";
        FILE *f = fopen(file(name), "r");

        if (!f)
                return want == NULL;
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        fclose(f);
        unlink(file(name));
        if (want && strcmp(text, want) == 0)
                return true;
        printf("# %s holds: %s\n", name, text);
        return false;
}

/* A word to whatever pager there is. */
static bool pages(struct spoken *s)
{
        FILE *before = s->v.out;
        struct pager *p = pager_open(&s->v);
        bool paged = p && s->v.out != before && s->v.out_terminal;

        fputs("hello\n", s->v.out);
        p = pager_close(p);
        return s->v.out == before && !p && paged;
}

static void asked(void)
{
        struct spoken s;

        setenv("CHATARCHIVE_PAGER", file("mine"), 1);
        setenv("PAGER", file("other"), 1);
        spoken_begin(&s, true);
        CHECK(pages(&s));
        CHECK(holds("mine.out", "hello\n") && holds("other.out", NULL));
        unsetenv("CHATARCHIVE_PAGER");
        CHECK(pages(&s));
        CHECK(holds("other.out", "hello\n"));
        setenv("CHATARCHIVE_PAGER", strcat(file("mine"), " -a  'b"), 1);
        CHECK(pages(&s));
        CHECK(holds("mine.out", "hello\n") && holds("mine.args", "-a 'b\n"));
        CHECK(spoken_is(&s, ""));
}

static void defaults(void)
{
        struct spoken s;

        unsetenv("CHATARCHIVE_PAGER");
        unsetenv("PAGER");
        setenv("PATH", dir, 1);
        spoken_begin(&s, true);
        CHECK(pages(&s));
        CHECK(holds("less.out", "hello\n") && holds("less.env", "FRSXMK utf-8 1\n"));
        setenv("LESS", "mine", 1);
        setenv("LESSSECURE", "0", 1);
        CHECK(pages(&s));
        CHECK(holds("less.out", "hello\n") && holds("less.env", "mine utf-8 1\n"));
        setenv("PAGER", "/no/such/program", 1);
        CHECK(pages(&s));
        CHECK(holds("less.out", "hello\n"));
        setenv("PAGER", "no-such-program", 1);
        unlink(file("less"));
        CHECK(pages(&s));
        CHECK(holds("more.out", "hello\n"));
        setenv("PATH", "/nonexistent", 1);
        CHECK(!pages(&s));
        CHECK(spoken_is(&s, "hello\n"));
        setenv("PATH", "/usr/bin:/bin", 1);
}

static void none(void)
{
        static const char *const off[] = { "", " ", "cat", "cat -v" };
        struct spoken s;

        for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
                setenv("CHATARCHIVE_PAGER", off[i], 1);
                setenv("PAGER", file("other"), 1);
                spoken_begin(&s, true);
                CHECK(!pages(&s));
                CHECK(spoken_is(&s, "hello\n"));
        }
        setenv("CHATARCHIVE_PAGER", "a b c d e f g h i j k l m n o p q r s t", 1);
        spoken_begin(&s, true);
        CHECK(!pages(&s));
        CHECK(spoken_is(&s, "hello\n"));
        setenv("CHATARCHIVE_PAGER", file("mine"), 1);
        spoken_begin(&s, false);
        CHECK(!pages(&s));
        CHECK(spoken_is(&s, "hello\n"));
        CHECK(holds("mine.out", NULL));
}

/* It ends before it has read all; the writer is told by its FILE, and not killed. */
static void leaves(void)
{
        struct spoken s;
        struct pager *p;
        bool failed = false;

        signal(SIGPIPE, SIG_IGN);
        setenv("CHATARCHIVE_PAGER", file("leaves"), 1);
        spoken_begin(&s, true);
        p = pager_open(&s.v);
        for (int i = 0; p && i < 100000 && !failed; i++)
                failed = fputs("a line that nobody reads\n", s.v.out) < 0 || ferror(s.v.out);
        CHECK(p && failed);
        pager_close(p);
        CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* nobody is left */
        CHECK(spoken_is(&s, ""));
}

static void colours(void)
{
        struct verb v = { .out_terminal = true };

        setenv("TERM", "xterm", 1);
        CHECK(strcmp(colour(&v, COLOUR_BOLD), "\033[1m") == 0);
        for (int c = 0; c < COLOURS; c++)
                CHECK(colour(&v, (enum colour)c)[0] == '\033');
        setenv("NO_COLOR", "", 1);
        CHECK(*colour(&v, COLOUR_RED));
        setenv("NO_COLOR", "1", 1);
        CHECK(!*colour(&v, COLOUR_RED) && !*colour(&v, COLOUR_NONE));
        unsetenv("NO_COLOR");
        setenv("TERM", "dumb", 1);
        CHECK(!*colour(&v, COLOUR_RED));
        unsetenv("TERM");
        CHECK(!*colour(&v, COLOUR_RED));
        setenv("TERM", "xterm", 1);
        v.out_terminal = false;
        CHECK(!*colour(&v, COLOUR_RED));
}

int main(void)
{
        static const char script[] = "#!/bin/sh\nPATH=/usr/bin:/bin\n"
                                     "cat >\"$0.out\"\necho \"$@\" >\"$0.args\"\n";

        snprintf(dir, sizeof(dir), "/tmp/test-pager-XXXXXX");
        if (!mkdtemp(dir))
                abort();
        write_file("mine", script);
        write_file("other", script);
        write_file("more", script);
        write_file("less", "#!/bin/sh\nPATH=/usr/bin:/bin\ncat >\"$0.out\"\n"
                           "echo \"$LESS $LESSCHARSET $LESSSECURE\" >\"$0.env\"\n");
        write_file("leaves", "#!/bin/sh\nread x\n");
        RUN(asked, "the pager that was asked for, its own variable first");
        RUN(defaults, "else less with its options, else more, else none");
        RUN(none, "none where none is wanted, or no terminal");
        RUN(leaves, "a pager that ends early ends the output and nothing else");
        RUN(colours, "colours only for a terminal that wants them");
        for (const char *const *p =
                     (const char *const[]){ "mine", "other", "more", "less", "leaves", "mine.args",
                                            "other.args", "more.args", NULL };
             *p; p++)
                unlink(file(*p));
        rmdir(dir);
        return tap_end();
}
