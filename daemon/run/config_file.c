#include "run/config_file.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#define BOM "\xef\xbb\xbf"

struct config_file {
        const char *path;
        const char *at, *end; /* what libinih has not seen yet */
        unsigned line;
        config_file_fn *fn;
        void *ctx;
        struct err *e;
        bool failed;
};

static int line_wrong(struct config_file *f, const char *problem)
{
        f->failed = true;
        return err_set(f->e, ERR_CONFIG, "%s:%u: %s", f->path, f->line, problem);
}

static int call(struct config_file *f, const char *section, const char *key, const char *value)
{
        int r = f->fn(f->ctx, f->line, section, key, value, f->e);

        if (r >= 0)
                return 0;
        f->failed = true;
        return err_wrap(f->e, "%s:%u", f->path, f->line);
}

static const char *bytes_problem(const char *s, size_t n)
{
        size_t len;

        if (n > CONFIG_LINE_MAX)
                return "the line is longer than 200 bytes; a value that long has no place here";
        for (; n > 0; s += len, n -= len) {
                unsigned char c = (unsigned char)*s;

                len = text_utf8(s, n);
                if (len == 0)
                        return "the line is not UTF-8; save the file as such";
                if ((c < 0x20 && c != '\t') || c == 0x7f ||
                    (c == 0xc2 && (unsigned char)s[1] < 0xa0))
                        return "the line has a control character; take it out";
        }
        return NULL;
}

/* s is trimmed and no comment. */
static const char *form_problem(const char *s)
{
        size_t n = strlen(s), name = strcspn(s, "=:");

        if (n == 0)
                return NULL;
        if (s[n - 1] == '\\')
                return "the line ends in a backslash; lines cannot be continued here";
        if (*s == '[') {
                if (n < 3 || strcspn(s + 1, "[]") != n - 2 || s[n - 1] != ']')
                        return "not a section; right is [API], alone on its line";
                return NULL;
        }
        if (s[name] != '=' || name == 0)
                return "neither a section nor a setting; right are [API] and PageSize=100";
        return NULL;
}

/* libinih's fgets: hands the next line out, trimmed, after a look at what it would misread. */
static char *next_line(char *out, int room, void *stream)
{
        struct config_file *f = stream;
        const char *start = f->at, *newline, *problem;
        size_t n;

        if (f->failed || start == f->end)
                return NULL;
        newline = memchr(start, '\n', (size_t)(f->end - start));
        n = (size_t)((newline ? newline : f->end) - start);
        f->at = newline ? newline + 1 : f->end;
        f->line++;
        if (n > 0 && newline && start[n - 1] == '\r')
                n--;
        problem = bytes_problem(start, n);
        if (!problem && n + 1 > (size_t)room)
                problem = "the line does not fit into libinih";
        if (problem)
                return line_wrong(f, problem), NULL;

        for (; n > 0 && (*start == ' ' || *start == '\t'); n--)
                start++;
        while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '\t'))
                n--;
        if (n > 0 && (*start == ';' || *start == '#'))
                n = 0;
        memcpy(out, start, n);
        out[n] = '\0';
        problem = form_problem(out);
        if (problem)
                return line_wrong(f, problem), NULL;
        if (*out == '[') {
                _cleanup_free_ char *section = mem_strndup(out + 1, n - 2);

                if (call(f, section, NULL, NULL) < 0)
                        return NULL;
        }
        return out;
}

static int take_key(void *user, const char *section, const char *key, const char *value)
{
        struct config_file *f = user;

        return !f->failed && call(f, section, key, value) == 0;
}

/* How Debian's libinih was built is no contract. Off the stack, because its buffer there has room
 * for 199 bytes only. */
static void settle_libinih(void)
{
        ini_allow_multiline = false;
        ini_allow_inline_comments = false;
        ini_allow_no_value = false;
        ini_stop_on_first_error = true;
        ini_use_stack = false;
        ini_allow_realloc = false;
        ini_initial_alloc = CONFIG_LINE_MAX + 8;
        ini_max_line = CONFIG_LINE_MAX + 8;
}

int config_file_read(const char *path, config_file_fn *fn, void *ctx, struct err *e)
{
        struct config_file f = { .path = path, .fn = fn, .ctx = ctx, .e = e };
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        if (fsio_slurp(AT_FDCWD, path, CONFIG_FILE_MAX, &text, &n, e) < 0) {
                e->kind = ERR_CONFIG;
                return -1;
        }

        f.at = text;
        f.end = text + n;
        if (n >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0)
                f.at += strlen(BOM);
        settle_libinih();
        r = ini_parse_stream(next_line, &f, take_key, &f);
        if (f.failed)
                return -1;
        if (r != 0)
                return line_wrong(&f, "libinih cannot read this line");
        return 0;
}
