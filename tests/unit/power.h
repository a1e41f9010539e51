/* A power cut, for a life among calls that fail: what a sync has not brought to the disk may be
 * there in any part. Each file that is written has, beside its contents, an image of what the disk
 * is sure to have. What a failed sync lost is not in it until it is written again, as in a kernel
 * that takes such pages for clean. SQLite's files are its own affair. */
#pragma once

#include "base/buf.h"
#include "scratch.h"
#include "tap.h"

#define POWER_FILES  64
#define POWER_RANGES 64
#define POWER_CUTS   3   /* of one moment */
#define POWER_PAGE   512 /* bytes that come to the disk whole or not at all */

struct power_file {
        ino_t ino;
        struct buf image;
        struct {
                size_t from, to;
        } dirty[POWER_RANGES]; /* written since the last sync */
        size_t n;
};

static struct {
        const char *dir; /* of the archive; NULL: off */
        unsigned calls, at;
        struct power_file files[POWER_FILES];
        size_t n;
        char *cuts[POWER_CUTS]; /* directories: what was found after the cut */
        void (*on_cut)(void);   /* remembers what else is known at that moment */
} power;

static inline struct power_file *power_find(ino_t ino)
{
        for (size_t i = 0; i < power.n; i++)
                if (power.files[i].ino == ino)
                        return &power.files[i];
        return NULL;
}

/* By other calls than those that are counted. */
static inline void power_read(int fd, struct buf *out)
{
        char link[64], block[4096];
        ssize_t n;
        int from;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        from = open(link, O_RDONLY | O_CLOEXEC);
        scratch_must(from >= 0, link);
        while ((n = read(from, block, sizeof(block))) > 0)
                buf_add(out, block, (size_t)n);
        close(from);
}

static inline void power_opened(int fd, int flags)
{
        struct power_file *f;
        struct stat st;

        if (!power.dir || fd < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &st) < 0 ||
            !S_ISREG(st.st_mode) || st.st_nlink == 0)
                return;
        f = power_find(st.st_ino);
        if (!f && power.n < POWER_FILES) {
                f = &power.files[power.n++];
                f->ino = st.st_ino;
                power_read(fd, &f->image);
        }
        scratch_must(f != NULL, "more files than power.h has room for");
        if (st.st_size == 0 && (flags & O_CREAT)) { /* a new one, of an inode that was another's */
                buf_clear(&f->image);
                f->n = 0;
        }
}

static inline struct power_file *power_of(int fd)
{
        struct stat st;

        return power.dir && fstat(fd, &st) == 0 ? power_find(st.st_ino) : NULL;
}

static inline void power_wrote(int fd, off_t at, ssize_t n)
{
        struct power_file *f = power_of(fd);

        if (!f || n <= 0)
                return;
        scratch_must(f->n < POWER_RANGES, "more writes than power.h has room for");
        f->dirty[f->n].from = (size_t)at;
        f->dirty[f->n++].to = (size_t)at + (size_t)n;
}

static inline void power_resize(struct buf *b, size_t n)
{
        while (b->n < n)
                buf_putc(b, '\0');
        b->n = n;
}

/* The pages that were written come to `to`, as far as it reaches: all, none, or some. */
static inline void power_apply(const struct power_file *f, const struct buf *now, struct buf *to,
                               unsigned of_four)
{
        for (size_t i = 0; i < f->n; i++)
                for (size_t at = f->dirty[i].from, next; at < f->dirty[i].to; at = next) {
                        next = (at / POWER_PAGE + 1) * POWER_PAGE;
                        if (next > f->dirty[i].to)
                                next = f->dirty[i].to;
                        for (size_t k = tap_below(4) < of_four ? at : next;
                             k < next && k < now->n && k < to->n; k++)
                                to->p[k] = now->p[k];
                }
}

static inline void power_synced(int fd, bool ok)
{
        struct power_file *f = power_of(fd);
        struct buf now = BUF_INIT;

        if (!f)
                return;
        power_read(fd, &now);
        if (ok || tap_below(2))
                power_resize(&f->image, now.n);
        power_apply(f, &now, &f->image, ok ? 4 : tap_below(3));
        f->n = 0;
        buf_done(&now);
}

static inline void power_tear(void *ctx, const char *file, const struct stat *st)
{
        struct power_file *f = S_ISREG(st->st_mode) ? power_find(st->st_ino) : NULL;
        struct buf now = BUF_INIT, left = BUF_INIT;
        size_t n;
        char *p;

        if (!f)
                return;
        p = scratch_read(power.dir, file, &n);
        buf_add(&now, p, n);
        buf_add(&left, buf_str(&f->image), f->image.n);
        switch (tap_below(3)) {
        case 0:
                break;
        case 1:
                power_resize(&left, now.n);
                break;
        default:
                if (now.n > left.n)
                        power_resize(&left, left.n + tap_below((unsigned)(now.n - left.n) + 1));
        }
        power_apply(f, &now, &left, tap_below(5));
        scratch_write(ctx, file, buf_str(&left), left.n, st->st_mode & 0777);
        buf_done(&now);
        buf_done(&left);
        free(p);
}

static inline void power_cut(void)
{
        for (size_t i = 0; i < POWER_CUTS; i++) {
                power.cuts[i] = scratch_copy(power.dir);
                scratch_each(power.dir, "", power_tear, power.cuts[i]);
        }
        power.on_cut();
}

/* Before each call; true: the power was cut there (in copies; the life goes on). */
static inline bool power_call(void)
{
        if (!power.dir || ++power.calls != power.at)
                return false;
        power_cut();
        return true;
}

static inline void power_on(const char *dir, unsigned at, void (*on_cut)(void))
{
        memset(&power, 0, sizeof(power));
        power.dir = dir;
        power.at = at;
        power.on_cut = on_cut;
}

static inline void power_off(void)
{
        for (size_t i = 0; i < power.n; i++)
                buf_done(&power.files[i].image);
        power.n = 0;
        power.dir = NULL;
}
