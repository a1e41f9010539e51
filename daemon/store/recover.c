#include "store/archive_core.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_NAME \
        ".recover.tmp" /* in the archive's directory, where no reader looks for segments */

/* The size of a segment under the name it should have; sealed ones have one name, the others two.
 * 0, CATALOG_NONE (missing), -1. */
static int segment_size(struct archive *a, const struct catalog_segment *g, struct name *ret_name,
                        uint64_t *ret, struct err *e)
{
        char path[NAME_MAX_BYTES];
        struct name name = g->name;
        struct stat st;

        for (int sealed = name.open ? 0 : 1; sealed <= 1; sealed++) {
                name.open = !sealed;
                if (fstatat(a->dirfd, name_path(&name, path), &st, AT_SYMLINK_NOFOLLOW) == 0) {
                        if (!S_ISREG(st.st_mode))
                                return err_set(e, ERR_DAMAGE, "%s is no regular file", path);
                        *ret_name = name;
                        *ret = (uint64_t)st.st_size;
                        return 0;
                }
                if (errno != ENOENT && errno != ENOTDIR)
                        return err_sys(e, errno, "cannot see %s", path);
        }
        return CATALOG_NONE;
}

static int check_segment(struct archive *a, const struct catalog_segment *g, struct err *e)
{
        char path[NAME_MAX_BYTES];
        struct name name = { 0 };
        uint64_t size = 0;
        int r = segment_size(a, g, &name, &size, e);

        if (r < 0)
                return -1;
        if (r == CATALOG_NONE)
                return err_set(e, ERR_DAMAGE, "%s is missing", name_path(&g->name, path));
        name_path(&name, path);
        if (size < g->length)
                return err_set(e, ERR_DAMAGE, "%s has %llu bytes, the ledger says %llu: it was cut",
                               path, (unsigned long long)size, (unsigned long long)g->length);
        if (size > g->length && !g->name.open)
                return err_set(e, ERR_DAMAGE, "%s has %llu bytes, the ledger says %llu: it grew",
                               path, (unsigned long long)size, (unsigned long long)g->length);
        return 0;
}

static int copy_tail(struct archive *a, int fd, uint64_t offset, uint64_t end, int to,
                     const char *name, struct err *e)
{
        uint64_t done = 0, n;

        for (; offset + done < end; done += n) {
                n = end - offset - done < WORK_BYTES ? end - offset - done : WORK_BYTES;
                if (fsio_copy(fd, offset + done, to, done, n, name, e) < 0)
                        return -1;
                work_bytes(&a->work, n);
        }
        return 0;
}

/* Keep what will be cut off: the bytes of fd from `offset` to `end` into DIR/recovered/. */
static int keep_tail(struct archive *a, int fd, const char *what, uint64_t offset, uint64_t end,
                     struct buf *ret_path, struct err *e)
{
        _cleanup_close_ int to = -1;
        struct stat st;
        int tries = 0;

        if (fsio_mkdir(a->dirfd, "recovered", e) < 0)
                return -1;
        do {
                buf_clear(ret_path);
                buf_printf(ret_path, "recovered/%s-%llu", what, (unsigned long long)offset);
                if (tries)
                        buf_printf(ret_path, ".%d", tries);
        } while (fstatat(a->dirfd, buf_str(ret_path), &st, 0) == 0 && tries++ < 10000);

        to = openat(a->dirfd, buf_str(ret_path), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0440);
        if (to < 0)
                return err_sys(e, errno, "cannot make %s", buf_str(ret_path));
        if (copy_tail(a, fd, offset, end, to, buf_str(ret_path), e) < 0 ||
            fsio_sync(to, buf_str(ret_path), e) < 0 ||
            fsio_sync_dir(a->dirfd, "recovered", e) < 0) {
                fsio_unlink(a->dirfd, buf_str(ret_path), NULL);
                return -1;
        }
        return 0;
}

/* What came behind keep_tail failed. If the file has its tail still, the next start keeps it again:
 * one that fails each time would leave a copy each time. */
static void unkeep(struct archive *a, const char *path, uint64_t end, struct buf *kept)
{
        struct stat st;

        if (kept->n && fstatat(a->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (uint64_t)st.st_size == end)
                fsio_unlink(a->dirfd, buf_str(kept), NULL);
}

static int put_recover_line(struct archive *a, const char *file, uint64_t offset, uint64_t length,
                            const char *kept, usec_t now, struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        char text[ERR_TEXT_MAX];

        snprintf(text, sizeof(text),
                 "%s: %llu uncommitted bytes at offset %llu were cut off, into %s", file,
                 (unsigned long long)length, (unsigned long long)offset, kept);
        if (a->watch.recovered)
                a->watch.recovered(a->watch.ctx, text);
        buf_puts(&b, "\"file\":");
        buf_json_str(&b, file);
        buf_printf(&b, ",\"offset\":%llu,\"length\":%llu,\"kept\":", (unsigned long long)offset,
                   (unsigned long long)length);
        buf_json_str(&b, kept);
        return archive_line(a, now, "recover", buf_str(&b), e);
}

int recover_ledger(struct archive *a, const struct replay_chain *chain, usec_t now, struct err *e)
{
        _cleanup_buf_ struct buf kept = BUF_INIT;
        struct ledger_head reflected;
        int fd = ledger_fd(a->ledger);

        if (catalog_head(a->catalog, &reflected, e) < 0)
                return -1;
        if (chain->end > chain->good.offset) {
                if (keep_tail(a, fd, "ledger", chain->good.offset, chain->end, &kept, e) < 0)
                        return -1;
                if (fsio_truncate(fd, chain->good.offset, LEDGER_FILE, e) < 0) {
                        unkeep(a, LEDGER_FILE, chain->end, &kept);
                        return -1;
                }
        }
        ledger_set_head(a->ledger, &chain->good);
        if (chain->good.seq == 0) {
                if (archive_begin(a, now, e) < 0)
                        return -1;
        } else if (ledger_rewrite(a->ledger, reflected.offset, e) < 0 ||
                   catalog_commit(a->catalog, &chain->good, e) < 0) {
                return -1;
        }
        if (chain->end == chain->good.offset)
                return 0;
        return put_recover_line(a, LEDGER_FILE, chain->good.offset, chain->end - chain->good.offset,
                                buf_str(&kept), now, e);
}

/* ---- segments ---- */

struct copy {
        struct work *work;
        int from, to;
        const char *path;
};

/* The frame in file `fd`: is it what the ledger says? */
static int check_digest(int fd, const struct copy *c, const struct frame_ref *frame, struct err *e)
{
        int r = unpack_prove(fd, frame->offset, frame->length, frame->sum, c->work, e);

        if (r > 0)
                return err_set(e, ERR_DAMAGE, "%s: the frame at offset %llu has another digest",
                               c->path, (unsigned long long)frame->offset);
        return r;
}

static int check_frame(void *ctx, const struct frame_ref *frame, struct err *e)
{
        const struct copy *c = ctx;

        return check_digest(c->from, c, frame, e);
}

/* By hand: copy_file_range may share what lies on the disk, where the kernel's memory knows better. */
static int copy_frame(void *ctx, const struct frame_ref *frame, struct err *e)
{
        const struct copy *c = ctx;
        char block[65536];
        uint64_t done = 0;
        size_t n;

        while (done < frame->length) {
                uint64_t left = frame->length - done;

                if (fsio_read(c->from, block, left < sizeof(block) ? (size_t)left : sizeof(block),
                              frame->offset + done, &n, c->path, e) < 0)
                        return -1;
                if (n == 0)
                        return err_set(e, ERR_DAMAGE, "%s became shorter", c->path);
                if (fsio_write(c->to, block, n, frame->offset + done, COPY_NAME, e) < 0)
                        return -1;
                done += n;
                work_bytes(c->work, n);
        }
        return check_digest(c->to, c, frame, e);
}

/* Put a copy of the segment's frames, every byte of it freshly written and synced, in its place: a
 * run before this one may have seen a sync fail, after which the kernel calls lost pages clean. */
static int copy_segment(struct archive *a, const struct catalog_segment *g, int from,
                        const char *path, struct err *e)
{
        struct name name = g->name;
        char dir[NAME_MAX_BYTES];
        struct copy c = { .work = &a->work, .from = from, .path = path };
        int r;

        c.to = openat(a->dirfd, COPY_NAME, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW,
                      0640);
        if (c.to < 0)
                return err_sys(e, errno, "cannot make " COPY_NAME);
        r = replay_segment(a, g, copy_frame, &c, e);
        if (r == 0)
                r = fsio_sync(c.to, COPY_NAME, e);
        if (r == 0)
                r = fsio_rename(a->dirfd, COPY_NAME, path, e);
        if (r == 0)
                r = fsio_sync_dir(a->dirfd, name_dir(&name, dir), e);
        if (r != 0)
                fsio_unlink(a->dirfd, COPY_NAME, NULL);
        close(c.to);
        return r;
}

/* A sealed name without its seal line and longer than its frames: growing again. */
static int reopen(struct archive *a, struct name *name, struct err *e)
{
        char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES], dir[NAME_MAX_BYTES];

        name_path(name, from);
        name->open = true;
        if (fsio_rename(a->dirfd, from, name_path(name, to), e) < 0)
                return -1;
        return fsio_sync_dir(a->dirfd, name_dir(name, dir), e);
}

static int recover_one(struct archive *a, const struct catalog_segment *g, usec_t now,
                       struct err *e)
{
        _cleanup_buf_ struct buf kept = BUF_INIT;
        _cleanup_close_ int fd = -1;
        char path[NAME_MAX_BYTES], what[64];
        struct name name = { 0 };
        uint64_t size = 0;
        bool whole;

        if (segment_size(a, g, &name, &size, e) != 0)
                return -1;
        whole = !name.open && size == g->length; /* only its seal line was not written */
        if (archive_check_copy(a, size, name_path(&name, path), e) < 0) /* frames and tail */
                return -1;
        if (!name.open && reopen(a, &name, e) < 0)
                return -1;
        fd = openat(a->dirfd, name_path(&name, path), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(e, errno, "cannot open %s", path);
        snprintf(what, sizeof(what), "%s-%08u", stream_name(name.stream), name.number);
        if (size > g->length && keep_tail(a, fd, what, g->length, size, &kept, e) < 0)
                return -1;
        if (copy_segment(a, g, fd, path, e) < 0) {
                unkeep(a, path, size, &kept);
                return -1;
        }
        if (size > g->length &&
            put_recover_line(a, path, g->length, size - g->length, buf_str(&kept), now, e) < 0)
                return -1;

        if (segment_resume_telling(a->dirfd, &name, g->length, g->first, &a->work,
                                   &a->segments[name.stream], e) < 0)
                return -1;
        /* Only a stream's newest goes on: numbers grow, and one that took no further frame has another
         * behind it, sealed perhaps. */
        if (!whole && name.number + 1 == a->next[name.stream])
                return 0;
        return archive_seal_one(a, name.stream, now, e);
}

/* Files in a stream's directories that no ledger line names: an .open never had a frame, and goes;
 * anything with a sealed name is damage. */
static int sweep_file(struct archive *a, const char *dir, const char *file, bool remove,
                      struct err *e)
{
        char path[NAME_MAX_BYTES * 4];
        struct catalog_segment g;
        struct name name;
        int r;

        snprintf(path, sizeof(path), "%s/%s", dir, file);
        if (name_parse(path, strlen(path), &name) < 0)
                return 0; /* not ours: verify names it */
        r = catalog_get_segment(a->catalog, name.stream, name.number, &g, e);
        if (r < 0)
                return -1;
        if (r == 0 && strcmp(g.name.date, name.date) == 0 && g.name.packing == name.packing)
                return 0;
        if (!name.open)
                return err_set(e, ERR_DAMAGE, "%s is not in the ledger", path);
        return remove ? fsio_unlink(a->dirfd, path, e) : 0;
}

static int sweep(struct archive *a, const char *path, int depth, bool remove, struct err *e)
{
        int fd = openat(a->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        char below[NAME_MAX_BYTES * 3];
        struct dirent *d;
        int r = 0;

        if (!dir) {
                if (fd >= 0)
                        close(fd);
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                               ? 0
                               : err_sys(e, errno, "cannot read %s", path);
        }
        while (r == 0 && (d = readdir(dir))) {
                if (d->d_name[0] == '.' || strlen(d->d_name) >= NAME_MAX_BYTES)
                        continue;
                snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
                r = depth == 0 ? sweep(a, below, 1, remove, e)
                               : sweep_file(a, path, d->d_name, remove, e);
        }
        closedir(dir);
        return r;
}

/* An open segment will be copied; that its frames are whole has to be known before anything is
 * touched. */
static int check_frames(struct archive *a, const struct catalog_segment *g, struct err *e)
{
        char path[NAME_MAX_BYTES];
        struct copy c = { .work = &a->work, .path = path };
        struct name name;
        uint64_t size = 0;
        int r;

        if (segment_size(a, g, &name, &size, e) != 0)
                return -1;
        c.from = openat(a->dirfd, name_path(&name, path), O_RDONLY | O_CLOEXEC);
        if (c.from < 0)
                return err_sys(e, errno, "cannot open %s", path);
        r = replay_segment(a, g, check_frame, &c, e);
        close(c.from);
        return r;
}

int recover_check(struct archive *a, struct err *e)
{
        struct catalog_segment g = { 0 };
        int r;

        while ((r = catalog_next_segment(a->catalog, g.name.stream, g.name.number, false, &g, e)) ==
               0) {
                work_lines(&a->work, 1);
                if (check_segment(a, &g, e) < 0 || (g.name.open && check_frames(a, &g, e) < 0))
                        return -1;
        }
        for (size_t i = 0; r >= 0 && i < STREAMS; i++)
                r = sweep(a, stream_name((enum stream)i), 0, false, e);
        return r < 0 ? -1 : 0;
}

int recover_segments(struct archive *a, usec_t now, struct err *e)
{
        struct catalog_segment g = { 0 };
        int r;

        for (size_t i = 0; i < STREAMS; i++)
                if (sweep(a, stream_name((enum stream)i), 0, true, e) < 0)
                        return -1;
        fsio_unlink(a->dirfd, COPY_NAME, NULL);
        catalog_remove_beside(a->dirfd); /* a killed reindex's: it may be large */
        while ((r = catalog_next_segment(a->catalog, g.name.stream, g.name.number, true, &g, e)) ==
               0)
                if (recover_one(a, &g, now, e) < 0)
                        return -1;
        if (r < 0)
                return -1;
        return archive_seal(a, now, false, e);
}
