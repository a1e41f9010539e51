#include "run/metrics_core.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct metrics *metrics_new(const char *directory)
{
        struct metrics *m = mem_new(sizeof(*m));

        m->directory = mem_strdup(directory);
        return m;
}

struct metrics *metrics_free(struct metrics *m)
{
        if (!m)
                return NULL;
        free(m->directory);
        free(m);
        return NULL;
}

void metrics_request(struct metrics *m, int status, uint64_t bytes_in)
{
        if (status == 0)
                m->no_answer++;
        else if (status < METRICS_STATUS_MIN || status > METRICS_STATUS_MAX)
                m->other++;
        else
                m->requests[status - METRICS_STATUS_MIN]++;
        m->bytes_in += bytes_in;
}

void metrics_retry(struct metrics *m)
{
        m->retries++;
}

static void changes_of(const struct catalog_walk *w, uint64_t ret[static METRICS_CHANGES])
{
        ret[METRICS_FOUND_NEW] = w->new;
        ret[METRICS_FOUND_CHANGED] = w->changed;
        ret[METRICS_FOUND_GONE] = w->gone;
}

void metrics_walk_begin(struct metrics *m, const struct catalog_walk *walk)
{
        changes_of(walk, m->base);
}

void metrics_walk_end(struct metrics *m, const struct catalog_walk *walk, bool complete)
{
        enum metrics_kind kind = walk->full ? METRICS_FULL : METRICS_NEW;
        uint64_t now[METRICS_CHANGES];

        changes_of(walk, now);
        for (int i = 0; i < METRICS_CHANGES; i++) {
                /* Less than at the start, if a commit was undone: a counter never goes back. */
                if (now[i] > m->base[i])
                        m->changes[i] += now[i] - m->base[i];
                m->base[i] = 0;
        }
        if (complete)
                m->complete[kind]++;
        else
                m->failed[kind]++;
}

/* Always a new file: one that lies there may be what a crash left, or somebody's link to another
 * file, in a directory that other exporters can write, too. */
static int open_temporary(int dirfd, const char *temporary, struct err *e)
{
        for (int tries = 0;; tries++) {
                int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

                if (fd >= 0)
                        return fd;
                if (errno != EEXIST || tries > 0)
                        return err_sys(e, errno, "cannot make %s", temporary);
                if (fsio_unlink(dirfd, temporary, e) < 0)
                        return -1;
        }
}

static int fill(int fd, const struct buf *text, const char *name, struct err *e)
{
        _cleanup_close_ int owned = fd;

        if (fsio_write(fd, text->p, text->n, 0, name, e) < 0)
                return -1;
        if (fchmod(fd, 0644) < 0)
                return err_sys(e, errno, "cannot set the mode of %s", name);

        /* Some file systems have their quota's say only here. */
        if (close(take_fd(&owned)) < 0)
                return err_sys(e, errno, "cannot write %s", name);
        return 0;
}

/* No fsync: what is lost in a power cut is the state of a moment, and the daemon writes it anew as
 * soon as it is back; waiting for a sick disk here would hold up the walk. */
static int replace(int dirfd, const char *name, const struct buf *text, struct err *e)
{
        _cleanup_buf_ struct buf temporary = BUF_INIT;
        const char *t;
        int fd;

        /* Not ending in .prom, or the collector would read it. */
        buf_printf(&temporary, ".%s.tmp", name);
        t = buf_str(&temporary);
        fd = open_temporary(dirfd, t, e);
        if (fd < 0)
                return -1;
        if (fill(fd, text, t, e) < 0 || fsio_rename(dirfd, t, name, e) < 0) {
                fsio_unlink(dirfd, t, NULL);
                return -1;
        }
        return 0;
}

int metrics_write(const struct metrics *m, const char *path, const struct metrics_now *now,
                  struct err *e)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        _cleanup_free_ char *dir = slash ? mem_strndup(path, (size_t)(name - path))
                                         : mem_strdup(".");
        _cleanup_close_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_buf_ struct buf text = BUF_INIT;

        if (dirfd < 0) {
                err_sys(e, errno, "cannot open directory %s", dir);
                return err_wrap(e, "metrics are not written");
        }
        metrics_text(m, now, &text);
        if (replace(dirfd, name, &text, e) < 0)
                return err_wrap(e, "metrics are not written in %s", dir);
        return 0;
}
