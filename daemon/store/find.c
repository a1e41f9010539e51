#include "store/archive_core.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int find_load(struct archive *a, struct err *e)
{
        for (size_t i = 0; i < STREAMS; i++)
                if (catalog_count_frames(a->catalog, (enum stream)i, &a->counted[i], e) < 0)
                        return -1;
        return 0;
}

uint64_t find_next(const struct archive *a, enum stream stream)
{
        uint64_t frame = a->counted[stream] + 1;

        for (size_t i = 0; i < a->n_group; i++)
                frame += a->group[i].stream == stream;
        return frame;
}

struct wanted {
        uint64_t nth;
        struct frame_ref *ret;
};

static int on_frame(void *ctx, const struct frame_ref *frame, struct err *e)
{
        struct wanted *w = ctx;

        (void)e;
        if (--w->nth > 0)
                return 0;
        *w->ret = *frame;
        return 1; /* no need to read on */
}

int archive_find(struct archive *a, enum stream stream, uint64_t frame, struct frame_ref *ret,
                 struct err *e)
{
        struct catalog_segment segment;
        struct wanted w = { .ret = ret };
        int r;

        if (frame == 0 || frame > a->counted[stream])
                return ARCHIVE_NO_FRAME;
        r = catalog_frame_segment(a->catalog, stream, frame, &segment, &w.nth, e);
        if (r == 0)
                r = replay_segment(a, &segment, on_frame, &w, e);
        if (r < 0)
                return -1;
        return w.nth == 0 && r == 1
                       ? 0
                       : err_set(e, ERR_BUG, "the catalog's segments lack frame %llu of %s",
                                 (unsigned long long)frame, stream_name(stream));
}

/* Open a segment under either of its names. */
static int open_segment(int dirfd, const char *sealed, struct err *e)
{
        const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; /* it may be a pipe */
        char path[NAME_MAX_BYTES + 8];
        struct stat st;
        int fd;

        snprintf(path, sizeof(path), "%s.open", sealed);
        fd = openat(dirfd, path, flags);
        if (fd < 0 && errno == ENOENT)
                fd = openat(dirfd, sealed, flags);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return err_set(e, ERR_DAMAGE, "%s is missing", sealed);
        if (fd < 0 && errno != ELOOP)
                return err_sys(e, errno, "cannot open %s", sealed);
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                return fd;
        if (fd >= 0)
                close(fd);
        return err_set(e, ERR_DAMAGE, "%s is no regular file", sealed);
}

int archive_read(struct archive *a, const struct frame_ref *frame,
                 int (*fn)(void *ctx, struct unpack *text, struct err *e), void *ctx, struct err *e)
{
        _cleanup_close_ int fd = open_segment(a->dirfd, frame->segment, e);
        struct unpack *u;
        struct name name;
        int r;

        if (fd < 0)
                return -1;
        if (name_parse(frame->segment, strlen(frame->segment), &name) < 0)
                return err_set(e, ERR_BUG, "%s is no segment's path", frame->segment);
        r = unpack_prove(fd, frame->offset, frame->length, frame->sum, &a->work, e);
        if (r > 0)
                return err_set(e, ERR_DAMAGE, "%s: the frame at offset %llu %s", frame->segment,
                               (unsigned long long)frame->offset,
                               r == UNPACK_SHORT ? "is cut off" : "has another digest");
        if (r < 0 || unpack_open(fd, frame->offset, frame->length, name.packing, &u, e) < 0)
                return -1;
        unpack_tell(u, &a->work);
        r = fn(ctx, u, e);
        unpack_free(u);
        return r;
}
