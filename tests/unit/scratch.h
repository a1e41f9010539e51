/* A directory for a test to spoil, and what tests do with trees of files: copy, digest, compare.
 * Where the files lie in memory ($TMPDIR, else /dev/shm), thousands of syncs cost nothing. A call
 * that fails ends the test program: then nothing that follows would mean anything. */
#pragma once

#include "base/mem.h"
#include "base/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_PATH_MAX 4096

static inline void scratch_must(bool ok, const char *what)
{
        if (ok)
                return;
        printf("Bail out! %s: %s\n", what, strerror(errno));
        exit(99);
}

static inline void scratch_join(char out[static SCRATCH_PATH_MAX], const char *dir,
                                const char *file)
{
        int n = snprintf(out, SCRATCH_PATH_MAX, "%s/%s", dir, file);

        scratch_must(n > 0 && n < SCRATCH_PATH_MAX, "a path is too long");
}

/* A new directory; its path is the caller's to free (scratch_drop does). */
static inline char *scratch_new(void)
{
        const char *tmp = getenv("TMPDIR");
        char path[SCRATCH_PATH_MAX];

        if (!tmp)
                tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        scratch_join(path, tmp, "chatarchived-test-XXXXXX");
        scratch_must(mkdtemp(path) != NULL, path);
        return mem_strdup(path);
}

static inline void scratch_remove(const char *path)
{
        char below[SCRATCH_PATH_MAX];
        struct dirent *d;
        struct stat st;
        DIR *dir;

        if (lstat(path, &st) < 0)
                return;
        if (!S_ISDIR(st.st_mode)) {
                scratch_must(unlink(path) == 0, path);
                return;
        }
        dir = opendir(path);
        scratch_must(dir != NULL, path);
        while ((d = readdir(dir))) {
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                        continue;
                scratch_join(below, path, d->d_name);
                scratch_remove(below);
        }
        closedir(dir);
        scratch_must(rmdir(path) == 0, path);
}

/* Remove it and free its path. Returns NULL. */
static inline char *scratch_drop(char *path)
{
        if (path)
                scratch_remove(path);
        free(path);
        return NULL;
}

static inline bool scratch_exists(const char *dir, const char *file)
{
        char path[SCRATCH_PATH_MAX];
        struct stat st;

        scratch_join(path, dir, file);
        return lstat(path, &st) == 0;
}

/* The whole file, with a NUL behind it; the caller's to free. */
static inline char *scratch_read(const char *dir, const char *file, size_t *ret_n)
{
        char path[SCRATCH_PATH_MAX];
        struct stat st;
        char *p;
        int fd;

        scratch_join(path, dir, file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        scratch_must(fd >= 0 && fstat(fd, &st) == 0, path);
        p = mem_new((size_t)st.st_size + 1);
        scratch_must(read(fd, p, (size_t)st.st_size) == st.st_size, path);
        close(fd);
        *ret_n = (size_t)st.st_size;
        return p;
}

/* The file holds these bytes and no others; one that was there is replaced. */
static inline void scratch_write(const char *dir, const char *file, const void *p, size_t n,
                                 mode_t mode)
{
        char path[SCRATCH_PATH_MAX];
        int fd;

        scratch_join(path, dir, file);
        unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        scratch_must(fd >= 0, path);
        scratch_must(write(fd, p, n) == (ssize_t)n, path);
        scratch_must(fchmod(fd, mode) == 0, path);
        close(fd);
}

static inline void scratch_delete(const char *dir, const char *file)
{
        char path[SCRATCH_PATH_MAX];

        scratch_join(path, dir, file);
        scratch_must(unlink(path) == 0 || errno == ENOENT, path);
}

static inline int scratch_visible(const struct dirent *d)
{
        return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* Call fn for each file below dir (directories included), in the order of the names. */
static inline void scratch_each(const char *dir, const char *below,
                                void (*fn)(void *ctx, const char *file, const struct stat *st),
                                void *ctx)
{
        char path[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX];
        struct dirent **names;
        struct stat st;
        int n;

        scratch_join(path, dir, below);
        n = scandir(path, &names, scratch_visible, alphasort);
        scratch_must(n >= 0, path);
        for (int i = 0; i < n; i++) {
                if (*below)
                        scratch_join(file, below, names[i]->d_name);
                else
                        snprintf(file, sizeof(file), "%s", names[i]->d_name);
                scratch_join(path, dir, file);
                scratch_must(lstat(path, &st) == 0, path);
                fn(ctx, file, &st);
                if (S_ISDIR(st.st_mode))
                        scratch_each(dir, file, fn, ctx);
                free(names[i]);
        }
        free(names);
}

struct scratch_copy {
        const char *from, *to;
};

static inline void scratch_copy_one(void *ctx, const char *file, const struct stat *st)
{
        const struct scratch_copy *c = ctx;
        char path[SCRATCH_PATH_MAX];
        size_t n;
        char *p;

        if (S_ISDIR(st->st_mode)) {
                scratch_join(path, c->to, file);
                scratch_must(mkdir(path, st->st_mode & 0777) == 0, path);
        } else if (S_ISREG(st->st_mode)) {
                p = scratch_read(c->from, file, &n);
                scratch_write(c->to, file, p, n, st->st_mode & 0777);
                free(p);
        }
}

/* A copy of the tree in a new directory. */
static inline char *scratch_copy(const char *from)
{
        char *to = scratch_new();
        struct scratch_copy c = { from, to };

        scratch_each(from, "", scratch_copy_one, &c);
        return to;
}

struct scratch_sum {
        const char *dir, *except;
        bool strict;
        struct sha256 *sum;
};

static inline void scratch_sum_one(void *ctx, const char *file, const struct stat *st)
{
        struct scratch_sum *s = ctx;
        char line[SCRATCH_PATH_MAX + 128];
        size_t n;
        char *p;

        if (s->except && strncmp(file, s->except, strlen(s->except)) == 0)
                return;
        n = (size_t)snprintf(line, sizeof(line), "%s %o %lld", file, st->st_mode,
                             (long long)(S_ISREG(st->st_mode) ? st->st_size : 0));
        if (s->strict && S_ISREG(st->st_mode))
                n += (size_t)snprintf(line + n, sizeof(line) - n, " %llu %lld.%09ld",
                                      (unsigned long long)st->st_ino, (long long)st->st_mtim.tv_sec,
                                      st->st_mtim.tv_nsec);
        sha256_add(s->sum, line, n + 1);
        if (S_ISREG(st->st_mode)) {
                p = scratch_read(s->dir, file, &n);
                sha256_add(s->sum, p, n);
                free(p);
        }
}

/* Digest of all names, modes and contents, but of those whose names begin with `except`. strict: of
 * inodes and times, too, so that a file that was written over with its own bytes is found. */
static inline void scratch_sum(const char *dir, const char *except, bool strict,
                               uint8_t out[static SHA256_SIZE])
{
        struct scratch_sum s = { dir, except, strict, sha256_new() };

        scratch_each(dir, "", scratch_sum_one, &s);
        sha256_digest(s.sum, out);
        sha256_free(s.sum);
}
