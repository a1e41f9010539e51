#include "ctl/tree.h"
#include "base/err.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* `completions/archived=2026-11-22/` and a file's name, of which the system allows 255 bytes. */
#define PATH_MAX_BYTES 384

struct tree {
        int dirfd;
        struct shelf *shelf;
        struct damage *damage;
        uint64_t bytes;
};

static void foreign(struct tree *t, const char *path, const char *what)
{
        damage_add(t->damage, path, 0, 0, "it is foreign: %s", what);
}

static void list_file(struct tree *t, const char *path)
{
        struct shelf_segment *g;
        struct name name;
        struct stat st;

        if (name_parse(path, strlen(path), &name) < 0)
                return foreign(t, path, "no segment has such a name");
        if (fstatat(t->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno == ENOENT) /* renamed or taken back meanwhile: the ledger will say */
                        st.st_mode = S_IFREG, st.st_size = 0;
                else
                        return damage_unread(t->damage, path, strerror(errno));
        }
        if (!S_ISREG(st.st_mode))
                return foreign(t, path, "a segment is a regular file");
        t->bytes += (uint64_t)st.st_size;
        g = shelf_get(t->shelf, &name);
        g->listed_sealed = g->listed_sealed || !name.open;
}

/* Is it a folder that segments lie in? */
static bool is_ours(const char *path)
{
        char below[PATH_MAX_BYTES + sizeof("/00000001.jsonl")];
        struct name name;
        int n = snprintf(below, sizeof(below), "%s/00000001.jsonl", path);

        return name_parse(below, (size_t)n, &name) == 0;
}

/* depth 0: a stream's folder, 1: a date's. */
static void list_folder(struct tree *t, const char *path, int depth)
{
        int fd = openat(t->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        char below[PATH_MAX_BYTES];
        struct dirent *d;

        if (!dir) {
                int error = errno;

                if (fd >= 0)
                        close(fd);
                if (error == ENOTDIR || error == ELOOP)
                        foreign(t, path, "it is no folder");
                else if (error != ENOENT)
                        damage_unread(t->damage, path, strerror(error));
                return;
        }
        while (errno = 0, (d = readdir(dir))) {
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                        continue;
                snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
                if (depth == 1)
                        list_file(t, below);
                else if (is_ours(below))
                        list_folder(t, below, 1);
                else
                        foreign(t, below, "no folder of segments has such a name");
        }
        if (errno)
                damage_unread(t->damage, path, strerror(errno));
        closedir(dir);
}

void tree_list(int dirfd, struct shelf *shelf, struct damage *d, uint64_t *ret_bytes)
{
        struct tree t = { .dirfd = dirfd, .shelf = shelf, .damage = d };

        for (size_t i = 0; i < STREAMS; i++)
                list_folder(&t, stream_name((enum stream)i), 0);
        *ret_bytes = t.bytes;
}
