#include "ctl/sight.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define ROUNDS 16 /* a segment is renamed when it is sealed and when a start goes on with it */

/* Is there a regular file of that name? */
static bool see(int dirfd, const char *path, struct stat *st, int *ret_error)
{
        if (fstatat(dirfd, path, st, AT_SYMLINK_NOFOLLOW) == 0)
                return S_ISREG(st->st_mode);
        if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
                *ret_error = errno;
        return false;
}

/* One file, and not two links to it. */
static bool is_one(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_nlink == 1;
}

void sight_take(int dirfd, const struct name *name, struct sight *ret)
{
        struct stat sealed = { 0 }, open = { 0 };
        struct sight s = { .error = 0 };
        struct name n = *name;

        n.open = false;
        name_path(&n, s.sealed_path);
        n.open = true;
        name_path(&n, s.open_path);
        for (int round = 0; round < ROUNDS && !s.error; round++) {
                bool before = see(dirfd, s.sealed_path, &sealed, &s.error);

                s.open = see(dirfd, s.open_path, &open, &s.error);
                s.sealed = see(dirfd, s.sealed_path, &sealed, &s.error);
                if (s.sealed && s.open && is_one(&sealed, &open))
                        s.open = false; /* it was renamed between two looks */
                else if (s.sealed == before && (s.sealed || s.open))
                        break;
        }
        s.sealed_length = s.sealed ? (uint64_t)sealed.st_size : 0;
        s.open_length = s.open ? (uint64_t)open.st_size : 0;
        *ret = s;
}

const char *sight_path(const struct sight *s)
{
        return s->open && !s->sealed ? s->open_path : s->sealed_path;
}
