#include "store/archive_core.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A start that made the directory may have been killed before the directory's own entry was durable.
 * Where the one above may not be read, somebody else made it. */
static int sync_above(struct archive *a, struct err *e)
{
        _cleanup_close_ int fd = openat(a->dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 && (errno == EACCES || errno == EPERM))
                return 0;
        if (fd < 0)
                return err_sys(e, errno, "cannot open the directory above %s", a->config.directory);
        return fsio_sync(fd, "the directory above the archive", e);
}

int archive_begin(struct archive *a, usec_t now, struct err *e)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        buf_printf(&b, "\"format\":%d,\"base_url\":", ARCHIVE_FORMAT_VERSION);
        buf_json_str(&b, a->config.base_url);
        buf_puts(&b, ",\"project\":");
        buf_json_str(&b, a->config.project);
        if (sync_above(a, e) < 0 || fsio_sync_dir(a->dirfd, "", e) < 0)
                return -1;
        ledger_put(a->ledger, now, "open", buf_str(&b));
        if (ledger_commit(a->ledger, e) < 0 || source_open(a, e) < 0)
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
            replay_check(ledger_fd(a->ledger), catalog_new ? &LEDGER_START : &head, &a->work,
                         &chain, e) < 0)
                return -1;
        if (chain.good.seq == 0 && check_unused(a, e) < 0)
                return -1;

        if (catalog_begin(a->catalog, e) < 0 || find_load(a, e) < 0 ||
            replay_catch_up(a, &head, &chain.good, index, e) < 0 || recover_check(a, e) < 0)
                return -1;
        if (recover_ledger(a, &chain, now, e) < 0)
                return -1;
        if (find_next_numbers(a, e) < 0 || recover_segments(a, now, e) < 0)
                return -1;
        return source_load(a, e);
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
        a->work = (struct work){ .tell = a->watch.working, .ctx = a->watch.ctx };
        a->dirfd = -1;
        if (open_directory(config->directory, &a->dirfd, e) < 0)
                goto fail;
        a->place = (struct spool_place){ a->dirfd, config->packing, config->level, NULL };
        r = lock(a, e);
        if (r != 0)
                goto fail;
        ledger_tell(a->ledger, &a->work);
        r = open_catalog(a, &catalog_new, e);
        if (r < 0)
                goto fail;
        for (size_t i = 0; i < STREAMS; i++)
                a->next[i] = 1;
        r = take_over(a, index, catalog_new, now, e);
        if (r < 0 && catalog_is_corrupt(a->catalog)) { /* once more, with a new one */
                for (size_t i = 0; i < STREAMS; i++)
                        archive_drop_segment(a, (enum stream)i);
                a->catalog = catalog_close(a->catalog);
                if (catalog_remove(a->dirfd, e) < 0 || open_catalog(a, &catalog_new, e) < 0)
                        goto fail;
                r = take_over(a, index, catalog_new, now, e);
        }
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
