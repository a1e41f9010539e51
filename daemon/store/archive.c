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

/* ---- opening ---- */

static int open_directory(const char *path, int *ret, struct err *e)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 && errno == ENOENT) {
                if (fsio_mkdir(AT_FDCWD, path, e) < 0)
                        return -1;
                fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
        if (fd < 0)
                return err_sys(e, errno, "cannot open the archive directory %s", path);
        *ret = fd;
        return 0;
}

/* A directory without a ledger becomes an archive only if nothing is in it: with segments, the
 * ledger was lost; with anything else, it is somebody's. */
static int check_empty(int dirfd, const char *path, struct err *e)
{
        static const char *const ours[] = { "completions", "messages", "changes", CATALOG_FILE };
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *d;
        int r = 0;

        if (!dir) {
                if (fd >= 0)
                        close(fd);
                return err_sys(e, errno, "cannot read the archive directory %s", path);
        }
        while (r < 2 && (d = readdir(dir))) {
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
                    strcmp(d->d_name, "lost+found") == 0)
                        continue;
                r = 1;
                for (size_t i = 0; i < ELEMENTS(ours); i++)
                        if (strcmp(d->d_name, ours[i]) == 0)
                                r = 2;
                if (r == 1)
                        err_set(e, ERR_CONFIG,
                                "%s is neither an archive nor empty (there is %s): name another "
                                "directory",
                                path, d->d_name);
                else
                        err_set(e, ERR_DAMAGE, "%s has %s but no " LEDGER_FILE ": it was lost",
                                path, d->d_name);
        }
        closedir(dir);
        return r ? -1 : 0;
}

static int lock(struct archive *a, struct err *e)
{
        struct stat st;

        if (fstatat(a->dirfd, LEDGER_FILE, &st, 0) < 0) {
                if (errno != ENOENT)
                        return err_sys(e, errno, "cannot see " LEDGER_FILE);
                if (check_empty(a->dirfd, a->config.directory, e) < 0)
                        return -1;
        }
        return ledger_open(a->dirfd, &a->ledger, e);
}

static int open_catalog(struct archive *a, bool *ret_new, struct err *e)
{
        int r = catalog_open(a->dirfd, &a->catalog, ret_new, e);

        if (r == CATALOG_STALE) {
                if (catalog_remove(a->dirfd, e) < 0)
                        return -1;
                r = catalog_open(a->dirfd, &a->catalog, ret_new, e);
                if (r == CATALOG_STALE)
                        return err_set(e, ERR_HOST, "cannot make a new catalog");
        }
        return r;
}

int archive_begin(struct archive *a, usec_t now, struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_printf(&b, "\"format\":%d,\"base_url\":", ARCHIVE_FORMAT_VERSION);
        buf_json_str(&b, a->config.base_url);
        buf_puts(&b, ",\"project\":");
        buf_json_str(&b, a->config.project);
        if (fsio_sync_dir(a->dirfd, "", e) < 0)
                return -1;
        ledger_put(a->ledger, now, "open", buf_str(&b));
        if (ledger_commit(a->ledger, e) < 0)
                return -1;
        return catalog_commit(a->catalog, ledger_head(a->ledger), e);
}

static int find_next_numbers(struct archive *a, struct err *e)
{
        struct catalog_segment g = { 0 };
        int r;

        for (size_t i = 0; i < STREAMS; i++)
                a->next[i] = 1;
        while ((r = catalog_next_segment(a->catalog, g.name.stream, g.name.number, false, &g, e)) ==
               0)
                a->next[g.name.stream] = g.name.number + 1;
        return r < 0 ? -1 : 0;
}

/* The first line was never finished: then nothing else may be there, or the ledger was lost. */
static int check_unused(struct archive *a, struct err *e)
{
        for (size_t i = 0; i < STREAMS; i++) {
                const char *name = stream_name((enum stream)i);

                if (faccessat(a->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        return err_set(e, ERR_DAMAGE,
                                       LEDGER_FILE " is empty, but there is %s: it lost its lines",
                                       name);
        }
        return 0;
}

/* Everything behind the lock. */
static int take_over(struct archive *a, archive_index_fn index, bool catalog_new, usec_t now,
                     struct err *e)
{
        struct replay_chain chain;
        struct ledger_head head;

        if (catalog_head(a->catalog, &head, e) < 0 ||
            replay_check(ledger_fd(a->ledger), catalog_new ? &LEDGER_START : &head, &chain, e) < 0)
                return -1;
        if (chain.good.seq == 0 && check_unused(a, e) < 0)
                return -1;

        if (catalog_begin(a->catalog, e) < 0 ||
            replay_catch_up(a, &head, &chain.good, index, e) < 0 || recover_check(a, e) < 0)
                return -1;
        if (recover_ledger(a, &chain, now, e) < 0)
                return -1;
        if (find_next_numbers(a, e) < 0 || recover_segments(a, now, e) < 0)
                return -1;
        return 0;
}

int archive_open(const struct archive_config *config, archive_index_fn index,
                 const struct archive_watch *watch, usec_t now, struct archive **ret, struct err *e)
{
        struct archive *a = mem_new(sizeof(*a));
        bool catalog_new = false;
        int r = -1;

        a->config = *config;
        if (watch)
                a->watch = *watch;
        a->dirfd = -1;
        if (open_directory(config->directory, &a->dirfd, e) < 0)
                goto fail;
        a->place = (struct spool_place){ a->dirfd, config->packing, config->level, NULL };
        r = lock(a, e);
        if (r != 0)
                goto fail;
        r = open_catalog(a, &catalog_new, e);
        if (r < 0)
                goto fail;
        for (size_t i = 0; i < STREAMS; i++)
                a->next[i] = 1;
        r = take_over(a, index, catalog_new, now, e);
        if (r < 0) {
                catalog_rollback(a->catalog);
                a->catalog = catalog_close(a->catalog);
                if (catalog_new) /* half built; nothing else was touched */
                        catalog_remove(a->dirfd, NULL);
                goto fail;
        }
        *ret = a;
        return 0;

fail:
        archive_close(a);
        return r;
}

struct archive *archive_close(struct archive *a)
{
        if (!a)
                return NULL;
        if (a->catalog && !a->stale)
                archive_undo(a);
        for (size_t i = 0; i < STREAMS; i++) {
                frame_free(a->frames[i]);
                segment_free(a->segments[i]);
        }
        catalog_close(a->catalog);
        ledger_close(a->ledger);
        free(a->begin);
        if (a->dirfd >= 0)
                close(a->dirfd);
        free(a);
        return NULL;
}

struct catalog *archive_catalog(struct archive *a)
{
        return a->catalog;
}

const struct ledger_head *archive_head(const struct archive *a)
{
        return ledger_head(a->ledger);
}

struct spool_place *archive_spool_place(struct archive *a)
{
        return &a->place;
}

void archive_set_walk(struct archive *a, const struct catalog_walk *walk)
{
        a->walk = a->walk_committed = *walk;
}

struct catalog_walk *archive_walk(struct archive *a)
{
        return &a->walk;
}

void archive_set_begin(struct archive *a, const char *members)
{
        free(a->begin);
        a->begin = members ? mem_strdup(members) : NULL;
}

bool archive_is_stale(const struct archive *a)
{
        return a->stale;
}

uint64_t archive_stored(const struct archive *a)
{
        return a->stored;
}

/* ---- appending ---- */

void archive_drop_segment(struct archive *a, enum stream stream)
{
        a->segments[stream] = segment_free(a->segments[stream]);
        a->touched[stream] = false;
}

/* The stream's growing segment, made if there is none. A name that is taken already is a leftover
 * that could not be removed: the next number then. */
int archive_segment(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct name name = { .stream = stream, .packing = a->config.packing, .open = true };
        char date[CLOCK_TEXT_MAX];

        if (a->segments[stream])
                return 0;
        memcpy(name.date, clock_date(now, date), sizeof(name.date));
        for (int tries = 0; tries < 16; tries++) {
                if (a->next[stream] > NAME_NUMBER_MAX)
                        return err_set(e, ERR_HOST, "no segment numbers are left");
                name.number = a->next[stream]++;
                if (segment_new(a->dirfd, &name, &a->segments[stream], e) == 0)
                        return 0;
                if (e->errnum != EEXIST) {
                        a->next[stream]--;
                        return -1;
                }
        }
        return -1;
}

int archive_close_frame(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct frame *f = a->frames[stream];

        if (!f)
                return 0;
        if (a->n_group == ARCHIVE_GROUP_MAX)
                return err_set(e, ERR_BUG, "too many frames in one commit");
        if (!frame_encodes(f)) {
                if (archive_segment(a, stream, now, e) < 0)
                        return -1;
                a->touched[stream] = true;
                if (frame_encode(f, a->segments[stream], e) < 0)
                        return -1;
        }
        if (frame_finish(f, &a->group[a->n_group], e) < 0)
                return -1;
        memcpy(a->request_ids[a->n_group], a->request_id[stream], ARCHIVE_REQUEST_ID_MAX);
        a->n_group++;
        if (a->encoding == f)
                a->encoding = NULL;
        a->frames[stream] = frame_free(f);
        return 0;
}

static int check_space(struct archive *a, struct err *e)
{
        uint64_t free_bytes;

        if (a->config.min_free == 0)
                return 0;
        if (fsio_free(a->dirfd, &free_bytes, e) < 0)
                return -1;
        if (free_bytes < a->config.min_free) {
                err_set(e, ERR_HOST,
                        "the disk is full: %llu MiB are free, MinFree= asks for %llu MiB",
                        (unsigned long long)(free_bytes >> 20),
                        (unsigned long long)(a->config.min_free >> 20));
                e->errnum = ENOSPC;
                return -1;
        }
        return 0;
}

static int open_frame(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct frame *f;

        if (a->frames[stream])
                return 0;
        if (check_space(a, e) < 0)
                return -1;
        f = frame_new(a->dirfd, a->config.packing, a->config.level, now);
        a->frames[stream] = f;
        if (a->encoding)
                return 0;
        if (archive_segment(a, stream, now, e) < 0)
                return -1;
        a->touched[stream] = true;
        a->encoding = f;
        return frame_encode(f, a->segments[stream], e);
}

/* A giant's frame goes behind the stream's open one, and both are committed at once. */
static int append_giant(struct archive *a, enum stream stream, struct spool *spool,
                        const char *request_id, usec_t now, struct err *e)
{
        struct frame_ref *ref;
        struct name name;
        int fd;

        if (check_space(a, e) < 0 || archive_close_frame(a, stream, now, e) < 0 ||
            archive_segment(a, stream, now, e) < 0)
                return -1;
        a->touched[stream] = true;
        if (a->n_group == ARCHIVE_GROUP_MAX)
                return err_set(e, ERR_BUG, "too many frames in one commit");
        ref = &a->group[a->n_group];
        if (spool_finish_giant(spool, &fd, &ref->length, ref->sum, e) < 0)
                return -1;
        name = a->segments[stream]->name;
        name.open = false;
        name_path(&name, ref->segment);
        ref->stream = stream;
        ref->offset = a->segments[stream]->written;
        ref->records = spool_records(spool);
        ref->bytes = spool_bytes(spool);
        if (segment_append_file(a->segments[stream], fd, ref->length, e) < 0)
                return -1;
        snprintf(a->request_ids[a->n_group], ARCHIVE_REQUEST_ID_MAX, "%s", request_id);
        if (a->group_bytes == 0)
                a->group_first = now;
        a->group_bytes += ref->bytes;
        a->n_group++;
        /* Each giant may push an open frame out, and each stream's open one comes on top. */
        if (a->group_bytes >= a->config.frame_size || a->n_group + STREAMS + 2 > ARCHIVE_GROUP_MAX)
                a->due = true;
        return 0;
}

int archive_append(struct archive *a, enum stream stream, struct spool *spool,
                   const char *request_id, usec_t now, struct err *e)
{
        if (a->stale)
                return err_set(e, ERR_HOST, "the archive has to be opened again first");
        if (spool_records(spool) == 0)
                return 0; /* an empty frame is none (and lz4's encoder would crash) */
        if (spool_is_giant(spool))
                return append_giant(a, stream, spool, request_id, now, e);
        if (open_frame(a, stream, now, e) < 0)
                return -1;
        if (frame_add(a->frames[stream], spool_text(spool), spool_bytes(spool),
                      spool_records(spool), e) < 0)
                return -1;
        snprintf(a->request_id[stream], ARCHIVE_REQUEST_ID_MAX, "%s", request_id);
        if (frame_bytes(a->frames[stream]) >= a->config.frame_size)
                a->due = true;
        return 0;
}

bool archive_due(const struct archive *a, usec_t now)
{
        if (a->due || (a->group_bytes && now - a->group_first >= ARCHIVE_FRAME_AGE))
                return true;
        for (size_t i = 0; i < STREAMS; i++)
                if (a->frames[i] && now - frame_first(a->frames[i]) >= ARCHIVE_FRAME_AGE)
                        return true;
        return false;
}
