#include "run/key.h"
#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "OPENAI_API_KEY"

/* Read of a file at most: a key with white space around it, and enough to see that it goes on. */
#define READ_MAX (2 * KEY_MAX)

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static int key_take(const char *p, size_t n, const char *from, char **ret, struct err *e)
{
        bool room = n < READ_MAX;

        for (; n > 0 && is_space(p[0]); n--)
                p++;
        while (n > 0 && is_space(p[n - 1]))
                n--;
        if (n == 0)
                return err_set(e, ERR_CONFIG, "the API key from %s is empty", from);
        if (n > KEY_MAX || !room)
                return err_set(e, ERR_CONFIG,
                               "the API key from %s is longer than %d bytes: that is no key", from,
                               KEY_MAX);
        for (size_t i = 0; i < n; i++) {
                if (p[i] > ' ' && p[i] <= '~')
                        continue;
                return err_set(e, ERR_CONFIG,
                               "the API key from %s holds %s: it must be one word of printable "
                               "ASCII, alone on one line",
                               from,
                               is_space(p[i])              ? "white space"
                               : (unsigned char)p[i] > '~' ? "a byte that is no printable ASCII"
                                                           : "a control character");
        }
        *ret = mem_strndup(p, n);
        return 0;
}

/* Positive: not there. */
static int key_open(const char *path, const char *from, int *ret, struct err *e)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return 1;
        if (fd < 0 || fstat(fd, &st) < 0) {
                err_sys(e, errno, "cannot open the API key's file (%s)", from);
                e->kind = ERR_CONFIG;
                return -1;
        }
        if (!S_ISREG(st.st_mode))
                return err_set(e, ERR_CONFIG, "the API key's file (%s) is no regular file", from);
        *ret = take_fd(&fd);
        return 0;
}

static int key_read_fd(int fd, const char *from, char **ret, struct err *e)
{
        char text[READ_MAX];
        size_t n = 0;
        ssize_t k;
        int r;

        do {
                k = read(fd, text + n, sizeof(text) - n);
                n += k > 0 ? (size_t)k : 0;
        } while ((k > 0 && n < sizeof(text)) || (k < 0 && errno == EINTR));

        if (k < 0) {
                r = err_sys(e, errno, "cannot read the API key's file (%s)", from);
                e->kind = ERR_CONFIG;
        } else {
                r = key_take(text, n, from, ret, e);
        }
        explicit_bzero(text, sizeof(text));
        return r;
}

/* One space, which the unit sets (SetCredential=) where the file of LoadCredential= is missing, says
 * that there is none. */
static bool is_placeholder(int fd)
{
        char text[2];

        return pread(fd, text, sizeof(text), 0) == 1 && *text == ' ';
}

static int from_credential(char **ret, struct err *e)
{
        const char *dir = getenv("CREDENTIALS_DIRECTORY"), *from = "the credential api-key";
        _cleanup_buf_ struct buf path = BUF_INIT;
        _cleanup_close_ int fd = -1;
        int r;

        if (!dir || !*dir)
                return 1;
        buf_printf(&path, "%s/api-key", dir);
        r = key_open(buf_str(&path), from, &fd, e);
        if (r == 0 && is_placeholder(fd))
                r = 1;
        return r != 0 ? r : key_read_fd(fd, from, ret, e);
}

static int from_file(const char *file, char **ret, struct err *e)
{
        _cleanup_buf_ struct buf from = BUF_INIT;
        _cleanup_close_ int fd = -1;
        struct stat st;
        int r;

        if (!file || !*file)
                return 1;
        buf_printf(&from, "KeyFile=%s", file);
        r = key_open(file, buf_str(&from), &fd, e);
        if (r > 0)
                return err_set(e, ERR_CONFIG, "the API key's file (%s) does not exist",
                               buf_str(&from));
        if (r < 0)
                return -1;
        if (fstat(fd, &st) < 0)
                return err_sys(e, errno, "cannot look at the API key's file (%s)", buf_str(&from));
        if (st.st_mode & 077)
                return err_set(e, ERR_CONFIG,
                               "the API key's file (%s) is open to others, mode %04o: chmod 600 it",
                               buf_str(&from), st.st_mode & 07777u);
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return err_set(e, ERR_CONFIG,
                               "the API key's file (%s) belongs to user %u: it must be root's or "
                               "user %u's",
                               buf_str(&from), st.st_uid, geteuid());
        return key_read_fd(fd, buf_str(&from), ret, e);
}

/* The variable's value, which is wiped wherever it stands in the environment: the kernel shows that
 * very memory as /proc/PID/environ. */
static char *take_variable(void)
{
        size_t n = strlen(VARIABLE);
        char *value = NULL;

        for (char **p = environ; p && *p; p++) {
                if (strncmp(*p, VARIABLE, n) != 0 || (*p)[n] != '=')
                        continue;
                if (!value)
                        value = mem_strdup(*p + n + 1);
                explicit_bzero(*p + n + 1, strlen(*p + n + 1));
        }
        unsetenv(VARIABLE);
        return value;
}

int key_read(const char *file, char **ret, enum key_source *ret_source, struct err *e)
{
        char *variable = take_variable();
        enum key_source source = KEY_CREDENTIAL;
        struct err own;
        int r;

        e = e ? e : &own;
        r = from_credential(ret, e);
        if (r > 0) {
                source = KEY_FILE;
                r = from_file(file, ret, e);
        }
        if (r > 0 && variable && *variable) {
                source = KEY_ENVIRONMENT;
                r = key_take(variable, strlen(variable), "$" VARIABLE, ret, e);
        }
        mem_free_secret(variable);
        if (r > 0)
                return err_set(e, ERR_CONFIG,
                               "no API key: give it as the credential api-key (LoadCredential= in "
                               "the unit), as KeyFile= in section [API], or in $" VARIABLE);
        if (r == 0 && ret_source)
                *ret_source = source;
        return r;
}
