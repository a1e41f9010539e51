#include "tap.h"
#include "base/mem.h"
#include "run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What would go to journald. */
static char sent[16][2 * LOG_TEXT_MAX];
static int n_sent, journal_fails;

int sd_journal_sendv(const struct iovec *iov, int n);

int sd_journal_sendv(const struct iovec *iov, int n)
{
        n_sent = 0;
        if (journal_fails)
                return -journal_fails;
        for (int i = 0; i < n; i++)
                snprintf(sent[n_sent++], sizeof(sent[0]), "%.*s", (int)iov[i].iov_len,
                         (const char *)iov[i].iov_base);
        return 0;
}

static bool was_sent(const char *item)
{
        for (int i = 0; i < n_sent; i++) {
                if (strcmp(sent[i], item) == 0)
                        return true;
        }
        return false;
}

static int saved = -1;
static char heard[4 * LOG_TEXT_MAX];

/* stderr is `to` until back(). */
static void redirect(int to)
{
        saved = dup(STDERR_FILENO);
        if (dup2(to, STDERR_FILENO) < 0)
                abort();
}

static void back(void)
{
        dup2(saved, STDERR_FILENO);
        close(saved);
}

/* What one call writes to a stderr that is a pipe. */
#define HEAR(call)                                             \
        do {                                                   \
                int ends[2];                                   \
                ssize_t got;                                   \
                if (pipe2(ends, O_NONBLOCK) < 0)               \
                        abort();                               \
                redirect(ends[1]);                             \
                call;                                          \
                back();                                        \
                got = read(ends[0], heard, sizeof(heard) - 1); \
                heard[got > 0 ? got : 0] = '\0';               \
                close(ends[0]);                                \
                close(ends[1]);                                \
        } while (0)

static void plain(void)
{
        HEAR((log_init(), log_line(LOG_INFO, "walk %d: page %s", 12, "3")));
        CHECK(strcmp(heard, "chatarchived: walk 12: page 3\n") == 0 && !log_is_journal());
        HEAR(log_line(LOG_ERR, "no"));
        CHECK(strcmp(heard, "chatarchived: error: no\n") == 0);
        HEAR(log_line(LOG_WARNING, "hm"));
        CHECK(strcmp(heard, "chatarchived: warning: hm\n") == 0);
        HEAR(log_line(LOG_NOTICE, "so"));
        CHECK(strcmp(heard, "chatarchived: so\n") == 0);
        HEAR(log_event(LOG_INFO, &(struct log_field){ "WALK", "12" }, 1, "done"));
        CHECK(strcmp(heard, "chatarchived: done\n") == 0);
}

static void one_line(void)
{
        static char text[2 * LOG_TEXT_MAX];

        HEAR(log_line(LOG_INFO, "%s",
                      "a\nb\r\n\x1b[31mc\x7f\xff\tGr\xc3\xbc\xc3\x9f"
                      "e\n"));
        CHECK(strcmp(heard, "chatarchived: a b ?[31mc?? Gr\xc3\xbc\xc3\x9f"
                            "e\n") == 0);
        memset(text, 'x', sizeof(text) - 1);
        HEAR(log_line(LOG_INFO, "%s", text));
        CHECK(strlen(heard) <= LOG_TEXT_MAX + 16);
        CHECK(strcmp(heard + strlen(heard) - 5, "x...\n") == 0);
}

static void levels(void)
{
        unsetenv("CHATARCHIVED_DEBUG");
        HEAR((log_init(), log_line(LOG_DEBUG, "hidden")));
        CHECK(strcmp(heard, "") == 0);
        setenv("CHATARCHIVED_DEBUG", "1", 1);
        HEAR((log_init(), log_line(LOG_DEBUG, "shown")));
        CHECK(strcmp(heard, "chatarchived: shown\n") == 0);
        setenv("CHATARCHIVED_DEBUG", "0", 1);
        HEAR((log_init(), log_line(LOG_DEBUG, "hidden")));
        CHECK(strcmp(heard, "") == 0);
        log_set_level(LOG_WARNING);
        HEAR(log_line(LOG_NOTICE, "hidden"));
        CHECK(strcmp(heard, "") == 0);
        HEAR(log_line(LOG_WARNING, "shown"));
        CHECK(strcmp(heard, "chatarchived: warning: shown\n") == 0);
        log_set_level(LOG_INFO);
}

static void errno_kept(void)
{
        errno = ENOTTY;
        HEAR((errno = ENOTTY, log_line(LOG_INFO, "x"), CHECK(errno == ENOTTY)));
}

static char order[64];

static void hide(void *ctx)
{
        strcat(order, ctx);
        if (write(STDERR_FILENO, "<", 1) != 1)
                abort();
}

static void show(void *ctx)
{
        strcat(order, ctx);
        if (write(STDERR_FILENO, ">", 1) != 1)
                abort();
}

static void hook(void)
{
        log_set_hook(hide, show, "h");
        HEAR(log_line(LOG_INFO, "x"));
        CHECK(strcmp(heard, "<chatarchived: x\n>") == 0 && strcmp(order, "hh") == 0);
        HEAR(log_line(LOG_DEBUG, "x"));
        CHECK(strcmp(heard, "") == 0);
        log_set_hook(NULL, NULL, NULL);
        HEAR(log_line(LOG_INFO, "x"));
        CHECK(strcmp(heard, "chatarchived: x\n") == 0);
}

/* stderr is a terminal: what arrives at its other end. */
static void hear_tty(int level)
{
        int far, near;
        ssize_t got;

        if (openpty(&far, &near, NULL, NULL, NULL) < 0)
                abort();
        redirect(near);
        log_init();
        log_line(level, "x");
        back();
        got = read(far, heard, sizeof(heard) - 1);
        heard[got > 0 ? got : 0] = '\0';
        close(far);
        close(near);
}

static void colour(void)
{
        setenv("TERM", "xterm", 1);
        unsetenv("NO_COLOR");
        hear_tty(LOG_ERR);
        CHECK(strcmp(heard, "chatarchived: \x1b[1;31merror: \x1b[0mx\r\n") == 0);
        hear_tty(LOG_WARNING);
        CHECK(strcmp(heard, "chatarchived: \x1b[1;33mwarning: \x1b[0mx\r\n") == 0);
        hear_tty(LOG_INFO);
        CHECK(strcmp(heard, "chatarchived: x\r\n") == 0);
        setenv("NO_COLOR", "1", 1);
        hear_tty(LOG_ERR);
        CHECK(strcmp(heard, "chatarchived: error: x\r\n") == 0);
        unsetenv("NO_COLOR");
        setenv("TERM", "dumb", 1);
        hear_tty(LOG_WARNING);
        CHECK(strcmp(heard, "chatarchived: warning: x\r\n") == 0);
}

static void journal(void)
{
        static const struct log_field fields[] = {
                { "MESSAGE_ID", "0123456789abcdef0123456789abcdef" },
                { "WALK", "12" },
                { "REQUEST_ID", NULL },
                { "REASON", "" },
        };
        char name[] = "/tmp/test-log.XXXXXX", stream[64];
        int fd = mkstemp(name);
        struct stat st;

        if (fd < 0 || unlink(name) < 0 || fstat(fd, &st) < 0)
                abort();
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        redirect(fd);
        log_init();
        CHECK(log_is_journal());
        log_event(LOG_WARNING, fields, ELEMENTS(fields), "two\nlines %d", 5);
        CHECK(n_sent == 6 && was_sent("MESSAGE=two lines 5") && was_sent("PRIORITY=4"));
        CHECK(was_sent("SYSLOG_IDENTIFIER=chatarchived") && was_sent("WALK=12"));
        CHECK(was_sent("MESSAGE_ID=0123456789abcdef0123456789abcdef") && was_sent("REASON="));
        CHECK(fstat(fd, &st) == 0 && st.st_size == 0);

        journal_fails = ENOENT;
        log_line(LOG_INFO, "fallback");
        CHECK(pread(fd, heard, sizeof(heard), 0) == 23);
        CHECK(memcmp(heard, "chatarchived: fallback\n", 23) == 0);
        journal_fails = 0;
        back();

        n_sent = 0;
        HEAR((log_init(), log_line(LOG_INFO, "elsewhere")));
        CHECK(!log_is_journal() && n_sent == 0);
        CHECK(strcmp(heard, "chatarchived: elsewhere\n") == 0);
        unsetenv("JOURNAL_STREAM");
        close(fd);
}

int main(void)
{
        unsetenv("JOURNAL_STREAM");
        RUN(plain, "on a pipe a message is one plain line");
        RUN(one_line, "whatever a message holds, it is one line without control characters");
        RUN(levels, "debug messages show only when asked for");
        RUN(errno_kept, "logging keeps errno");
        RUN(hook, "what shares the terminal is hidden before a line and shown after it");
        RUN(colour, "colour is for terminals that have not refused it");
        RUN(journal, "fields go to the journal if it is stderr's other end, and only then");
        return tap_end();
}
