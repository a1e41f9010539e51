/* For the tests of the configuration: a file in a directory of its own, and what comes of it. */
#pragma once

#include "tap.h"
#include "base/mem.h"
#include "run/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-config.XXXXXX";
static char path[64]; /* of the file that the tests write */

static inline void put(const char *name, const char *text)
{
        size_t n = strlen(text);
        int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) < 0)
                abort();
}

/* The configuration of a file with this text; *e is filled in if it is refused. */
static inline int load(const char *text, struct config *c, struct err *e)
{
        struct config_from from = { .file = path };

        put(path, text);
        return config_load(&from, c, e);
}

/* Is it taken, and without a warning? */
static inline bool taken(const char *text)
{
        struct config c;
        struct err e;
        bool good;

        if (load(text, &c, &e) < 0) {
                printf("# %s\n", e.text);
                return false;
        }
        good = c.n_warnings == 0;
        config_done(&c);
        return good;
}

/* Is it refused, with this in the error's text? */
static inline bool refused(const char *text, const char *why)
{
        struct config c = { .page_size = 4711 };
        struct err e = { 0 };

        if (load(text, &c, &e) == 0) {
                printf("# taken: %s\n", text);
                config_done(&c);
                return false;
        }
        if (e.kind == ERR_CONFIG && strstr(e.text, why) && c.page_size == 4711)
                return true;
        printf("# %s\n", e.text);
        return false;
}

static inline bool warned(const char *text, const char *what)
{
        struct config c;
        struct err e;
        bool good;

        if (load(text, &c, &e) < 0)
                return false;
        good = c.n_warnings == 1 && strstr(c.warnings[0], what) && strstr(c.warnings[0], path) &&
               !strstr(c.warnings[0], "secret");
        if (!good)
                printf("# %zu: %s\n", c.n_warnings, c.n_warnings ? c.warnings[0] : "");
        config_done(&c);
        return good;
}

static inline void begin(void)
{
        unsetenv("OPENAI_BASE_URL");
        unsetenv("OPENAI_ORG_ID");
        unsetenv("OPENAI_PROJECT_ID");
        if (!mkdtemp(dir))
                abort();
        snprintf(path, sizeof(path), "%s/x.conf", dir);
}

static inline int end(void)
{
        unlink(path);
        rmdir(dir);
        return tap_end();
}
