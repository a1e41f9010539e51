#include "tap.h"
#include "base/mem.h"
#include "run/progress.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int far = -1, near = -1;
static char seen[4096];

static void terminal(unsigned short columns, const char *locale)
{
        struct winsize size = { .ws_row = 24, .ws_col = columns };

        setenv("TERM", "xterm", 1);
        setenv("LC_ALL", locale, 1);
        if (openpty(&far, &near, NULL, NULL, &size) < 0 || fcntl(far, F_SETFL, O_NONBLOCK) < 0)
                abort();
}

static void gone(void)
{
        close(far);
        close(near);
}

static const char *look(void)
{
        ssize_t n = read(far, seen, sizeof(seen) - 1);

        seen[n > 0 ? n : 0] = '\0';
        return seen;
}

/* The line between \r and the erasing of what follows it. */
static bool drawn(const char *line)
{
        char want[512];

        snprintf(want, sizeof(want), "\r%s\x1b[K", line);
        if (strcmp(look(), want) == 0)
                return true;
        printf("# seen: %s\n# want: %s\n", seen + 1, line);
        return false;
}

static const struct progress_state walking = { .walk = 1, .page = 34, .seen = 3400, .fresh = 12 };

static void walk(void)
{
        struct progress *p;

        terminal(80, "C.UTF-8");
        p = progress_new(near, 1000);
        CHECK(strcmp(look(), "") == 0);
        progress_update(p, &walking, 1000);
        CHECK(drawn("walk 1: page 34 · 3,400 seen · 12 new ⠋"));
        progress_update(p, &walking, 1000 + 90 * USEC_PER_SEC);
        CHECK(drawn("walk 1: page 34 · 3,400 seen · 12 new ⠼ 1min 30s, 37 a second"));
        CHECK(!progress_free(p));
        CHECK(strcmp(look(), "\r\x1b[K") == 0);
        gone();
}

static void ascii(void)
{
        struct progress *p;

        terminal(80, "C");
        p = progress_new(near, 0);
        progress_update(p, &walking, 0);
        CHECK(drawn("walk 1: page 34 - 3,400 seen - 12 new |"));
        for (const char *c = look(); *c; c++)
                CHECK((unsigned char)*c < 0x80);
        progress_free(p);
        gone();
}

static void bar(void)
{
        struct progress_state s = { .walk = 1, .prompts_done = 0, .prompts_total = 1200 };
        struct progress *p;

        terminal(60, "C");
        p = progress_new(near, 0);
        progress_update(p, &s, 0);
        CHECK(drawn("walk 1: prompts 0 of 1,200 [>                       ] 0 %"));
        s.prompts_done = 600;
        progress_update(p, &s, USEC_PER_SEC);
        CHECK(drawn("walk 1: prompts 600 of 1,200 [===========>          ] 50 %"));
        s.prompts_done = 1200;
        progress_update(p, &s, 2 * USEC_PER_SEC);
        CHECK(drawn("walk 1: prompts 1,200 of 1,200 [====================] 100 %"));
        s.prompts_done = 1300; /* more came in while it ran */
        progress_update(p, &s, 3 * USEC_PER_SEC);
        CHECK(strstr(look(), "100 %"));
        progress_free(p);
        gone();
}

static void pace(void)
{
        unsigned times = 0;
        struct progress *p;

        terminal(80, "C");
        p = progress_new(near, 0);
        for (usec_t t = 0; t < 10 * USEC_PER_SEC; t += USEC_PER_MSEC) {
                progress_update(p, &walking, t);
                times += *look() != '\0';
        }
        CHECK(times == 100);
        progress_free(p);
        gone();
}

static void any_width(void)
{
        struct progress_state s[2] = { walking,
                                       { .walk = 7, .prompts_done = 3, .prompts_total = 900 } };
        struct progress *p;

        terminal(80, "C.UTF-8");
        p = progress_new(near, 0);
        for (unsigned i = 0; i < 400; i++) {
                struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)(i / 2) };
                size_t columns = 0, limit = i / 2 ? i / 2 : 80;
                const char *line;

                if (ioctl(near, TIOCSWINSZ, &size) < 0)
                        abort();
                progress_update(p, &s[i % 2], (usec_t)(i + 1) * USEC_PER_HOUR);
                line = look();
                if (!CHECK(line[0] == '\r' && strlen(line) >= 4))
                        break;
                for (const char *c = line + 1; *c && *c != '\x1b'; c++)
                        columns += (*c & 0xc0) != 0x80;
                CHECK(columns < limit && strcmp(line + strlen(line) - 3, "\x1b[K") == 0);
        }
        progress_free(p);
        gone();
}

static void hiding(void)
{
        struct progress *p;

        terminal(80, "C");
        p = progress_new(near, 0);
        progress_hide(p);
        progress_show(p);
        CHECK(strcmp(look(), "") == 0);
        progress_update(p, &walking, 0);
        look();
        progress_hide(p);
        CHECK(strcmp(look(), "\r\x1b[K") == 0);
        progress_hide(p);
        CHECK(strcmp(look(), "") == 0);
        progress_show(p);
        CHECK(drawn("walk 1: page 34 - 3,400 seen - 12 new |"));
        progress_hide(p);
        look();
        progress_free(p);
        CHECK(strcmp(look(), "") == 0);
        gone();
}

static void no_terminal(void)
{
        int ends[2];
        char c;

        if (pipe2(ends, O_NONBLOCK) < 0)
                abort();
        for (int i = 0; i < 2; i++) {
                struct progress *p;

                terminal(80, "C");
                if (i == 1)
                        setenv("TERM", "dumb", 1);
                p = progress_new(i ? near : ends[1], 0);
                progress_update(p, &walking, USEC_PER_SEC);
                progress_hide(p);
                progress_show(p);
                progress_free(p);
                CHECK(strcmp(look(), "") == 0 && read(ends[0], &c, 1) == -1);
                gone();
        }
        progress_update(NULL, &walking, 0);
        progress_hide(NULL);
        progress_show(NULL);
        progress_free(NULL);
        close(ends[0]);
        close(ends[1]);
}

int main(void)
{
        RUN(walk, "a walk shows its page, what it saw and what was new, and is erased at its end");
        RUN(ascii, "without UTF-8 the line is plain ASCII");
        RUN(bar, "prompts have a bar that fills");
        RUN(pace, "the line is drawn ten times a second at most");
        RUN(any_width, "the line fits into any terminal");
        RUN(hiding, "the line makes room for others and comes back");
        RUN(no_terminal, "nothing is drawn where there is no terminal");
        return tap_end();
}
