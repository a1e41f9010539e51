#include "ctl/writer.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define COMMAND_MAX 65536 /* bytes; a command line of ours is short */

/* `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`; those that wait have "->" behind the number.
 * Where a device has no major number (btrfs, overlayfs, NFS), stat(2) may name another minor than
 * the list does. */
static bool is_lock(const char *line, const struct stat *st, int64_t *ret_pid)
{
        char kind[16], mode[16], access[16];
        unsigned major, minor;
        unsigned long long inode;
        long long pid;

        if (sscanf(line, "%*u: %15s %15s %15s %lld %x:%x:%llu", kind, mode, access, &pid, &major,
                   &minor, &inode) != 7)
                return false;
        if (strcmp(kind, "FLOCK") != 0 || strcmp(access, "WRITE") != 0 ||
            inode != (unsigned long long)st->st_ino || major != major(st->st_dev))
                return false;
        if (minor != minor(st->st_dev) && major != 0)
                return false;
        *ret_pid = pid > 0 ? pid : 0;
        return true;
}

enum writer writer_find(int fd, int64_t *ret_pid)
{
        FILE *f = fopen("/proc/locks", "re");
        enum writer found = WRITER_NONE;
        char line[256];
        struct stat st;

        *ret_pid = 0;
        if (!f || fstat(fd, &st) < 0)
                found = WRITER_UNKNOWN;
        while (found == WRITER_NONE && fgets(line, sizeof(line), f))
                if (is_lock(line, &st, ret_pid))
                        found = WRITER_THERE;
        if (f)
                fclose(f);
        return found;
}

bool writer_is_once(int64_t pid)
{
        char path[64];
        _cleanup_free_ char *words = NULL;
        struct err ignored;
        size_t n;

        snprintf(path, sizeof(path), "/proc/%lld/cmdline", (long long)pid);
        if (pid <= 0 || fsio_slurp(AT_FDCWD, path, COMMAND_MAX, &words, &n, &ignored) < 0)
                return false;
        for (const char *word = words; word < words + n; word += strlen(word) + 1)
                if (strcmp(word, "--once") == 0 || strncmp(word, "--once=", 7) == 0)
                        return true;
        return false;
}
