/* The place in the source says nothing to who reads the journal. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "run/log.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define NAME "chatarchived"

static struct {
        bool journal, colour;
        int level;
        void (*hide)(void *ctx);
        void (*show)(void *ctx);
        void *ctx;
} the_log = { .level = LOG_INFO };

/* systemd sets JOURNAL_STREAM=DEVICE:INODE for what it connects to the journal; a child whose
 * stderr was sent elsewhere inherits the variable, and must not believe it. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        char own[64];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        return strcmp(stream, own) == 0;
}

void log_init(void)
{
        const char *debug = getenv("CHATARCHIVED_DEBUG"), *plain = getenv("NO_COLOR");
        const char *term = getenv("TERM");

        the_log.journal = stderr_is_journal();
        the_log.colour = isatty(STDERR_FILENO) == 1 && !(plain && *plain) && term && *term &&
                         strcmp(term, "dumb") != 0;
        the_log.level = debug && strcmp(debug, "1") == 0 ? LOG_DEBUG : LOG_INFO;
}

void log_set_level(int level)
{
        the_log.level = level;
}

bool log_is_journal(void)
{
        return the_log.journal;
}

void log_set_hook(void (*hide)(void *ctx), void (*show)(void *ctx), void *ctx)
{
        the_log.hide = hide;
        the_log.show = show;
        the_log.ctx = ctx;
}

static void write_stderr(int level, const char *text)
{
        const char *word = level <= LOG_ERR ? "error: " : level == LOG_WARNING ? "warning: " : "";
        const char *on = "", *off = "";
        _cleanup_buf_ struct buf line = BUF_INIT;
        size_t done = 0;

        if (the_log.colour && *word) {
                on = level <= LOG_ERR ? "\x1b[1;31m" : "\x1b[1;33m";
                off = "\x1b[0m";
        }
        buf_printf(&line, "%s: %s%s%s%s\n", NAME, on, word, off, text);
        if (the_log.hide)
                the_log.hide(the_log.ctx);
        while (done < line.n) {
                ssize_t k = write(STDERR_FILENO, line.p + done, line.n - done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        break; /* nobody reads it, and there is nobody else to tell */
                done += (size_t)k;
        }
        if (the_log.show)
                the_log.show(the_log.ctx);
}

static int write_journal(int level, const struct log_field *fields, size_t n, const char *text)
{
        char *item[LOG_FIELDS_MAX + 3];
        struct iovec iov[LOG_FIELDS_MAX + 3];
        int k = 0, r;

        if (n > LOG_FIELDS_MAX)
                abort();
        for (size_t i = 0; i < n + 3; i++) {
                _cleanup_buf_ struct buf b = BUF_INIT;

                if (i == 0)
                        buf_printf(&b, "MESSAGE=%s", text);
                else if (i == 1)
                        buf_printf(&b, "PRIORITY=%d", level);
                else if (i == 2)
                        buf_puts(&b, "SYSLOG_IDENTIFIER=" NAME);
                else if (fields[i - 3].value)
                        buf_printf(&b, "%s=%s", fields[i - 3].name, fields[i - 3].value);
                else
                        continue;
                iov[k].iov_len = b.n;
                iov[k].iov_base = item[k] = take_ptr(b.p);
                k++;
        }
        r = sd_journal_sendv(iov, k);
        while (k > 0)
                free(item[--k]);
        return r;
}

static void log_write(int level, const struct log_field *fields, size_t n, const char *format,
                      va_list ap)
{
        char raw[2 * LOG_TEXT_MAX], text[LOG_TEXT_MAX];
        int saved = errno;

        if (level > the_log.level)
                return;
        vsnprintf(raw, sizeof(raw), format, ap);
        text_line(raw, strlen(raw), text, sizeof(text));
        if (!the_log.journal || write_journal(level, fields, n, text) < 0)
                write_stderr(level, text);
        errno = saved;
}

void log_line(int level, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_write(level, NULL, 0, format, ap);
        va_end(ap);
}

void log_event(int level, const struct log_field *fields, size_t n, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_write(level, fields, n, format, ap);
        va_end(ap);
}
