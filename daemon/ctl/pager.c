#include "ctl/pager.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16 /* of a pager's command */

struct pager {
        struct verb *verb;
        FILE *out, *before;
        pid_t pid;
};

/* Is there such a program? Asked before the fork, so that the next one can take its place. */
static bool is_there(const char *program)
{
        const char *path = getenv("PATH"), *end;
        char file[4096];

        if (strchr(program, '/'))
                return access(program, X_OK) == 0;
        for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
                int n;

                end = strchrnul(path, ':');
                n = snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, program);
                if (n > 0 && (size_t)n < sizeof(file) && access(file, X_OK) == 0)
                        return true;
        }
        return false;
}

/* Words at white space, no quoting and no shell: as systemd's tools take it. text is changed. */
static bool split(char *text, char *words[static WORDS_MAX + 1])
{
        size_t n = 0;
        char *save = NULL;

        for (char *w = strtok_r(text, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
                if (n == WORDS_MAX)
                        return false;
                words[n++] = w;
        }
        words[n] = NULL;
        return n > 0;
}

/* False: none is wanted, or none is there. */
static bool choose(char **text, char *words[static WORDS_MAX + 1])
{
        static const char *const others[] = { "less", "more" };
        const char *asked = getenv("CHATARCHIVE_PAGER");

        if (!asked)
                asked = getenv("PAGER");
        if (asked) {
                *text = mem_strdup(asked);
                if (!split(*text, words) || strcmp(words[0], "cat") == 0)
                        return false;
                if (is_there(words[0]))
                        return true;
        }
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                if (!is_there(others[i]))
                        continue;
                free(*text);
                *text = mem_strdup(others[i]);
                return split(*text, words);
        }
        return false;
}

static void set_up(int in, pid_t parent)
{
        signal(SIGPIPE, SIG_DFL);
        /* Whoever ends the tool (Ctrl-C) gets the terminal back. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent || dup2(in, STDIN_FILENO) < 0)
                _exit(127);
        setenv("LESS", "FRSXMK", 0);
        setenv("LESSCHARSET", "utf-8", 0);
        setenv("LESSSECURE", "1", 1);
}

static pid_t start(char *words[], int *ret_fd)
{
        pid_t parent = getpid(), pid;
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -1;
        pid = fork();
        if (pid == 0) {
                set_up(fds[0], parent);
                execvp(words[0], words);
                _exit(127);
        }
        close(fds[0]);
        if (pid < 0)
                close(fds[1]);
        else
                *ret_fd = fds[1];
        return pid;
}

struct pager *pager_open(struct verb *v)
{
        _cleanup_free_ char *text = NULL;
        char *words[WORDS_MAX + 1];
        struct pager *p;
        pid_t pid;
        int fd = -1;

        if (!v->out_terminal || !choose(&text, words))
                return NULL;
        fflush(v->out);
        pid = start(words, &fd);
        if (pid < 0)
                return NULL;
        p = mem_new(sizeof(*p));
        *p = (struct pager){ .verb = v, .out = fdopen(fd, "w"), .before = v->out, .pid = pid };
        if (!p->out)
                abort();
        v->out = p->out;
        return p;
}

struct pager *pager_close(struct pager *p)
{
        if (!p)
                return NULL;
        fclose(p->out); /* that nobody wanted to read all of it is no failure */
        p->verb->out = p->before;
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        free(p);
        return NULL;
}

static bool wants_colours(const struct verb *v)
{
        const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

        return v->out_terminal && !(none && *none) && term && *term && strcmp(term, "dumb") != 0;
}

const char *colour(const struct verb *v, enum colour c)
{
        static const char *const codes[COLOURS] = {
                [COLOUR_NONE] = "\033[0m",   [COLOUR_BOLD] = "\033[1m",
                [COLOUR_DIM] = "\033[2m",    [COLOUR_RED] = "\033[31m",
                [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
                [COLOUR_BLUE] = "\033[34m",
        };

        return wants_colours(v) ? codes[c] : "";
}
