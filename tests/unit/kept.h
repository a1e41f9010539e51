/* A small archive in a temporary directory, written through store/archive with a clock of its own,
 * for tests of those who read it. */
#pragma once

#include "base/fsio.h"
#include "base/mem.h"
#include "ctl/verb.h"
#include "store/archive.h"
#include "walk/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_START ((usec_t)1795334400 * USEC_PER_SEC) /* 2026-11-22T08:00:00Z */

struct kept {
        char dir[64];
        usec_t now;
        struct archive *archive;
        struct archive_config config;
        unsigned next; /* record */
};

static inline void kept_die(const char *what, const struct err *e)
{
        printf("Bail out! %s: %s\n", what, e ? e->text : strerror(errno));
        exit(99);
}

static inline void kept_open(struct kept *k)
{
        struct err err;

        if (archive_open(&k->config, index_frame, NULL, k->now, &k->archive, &err) != 0)
                kept_die("archive_open", &err);
}

static inline void kept_close(struct kept *k)
{
        k->archive = archive_close(k->archive);
}

static inline void kept_new(struct kept *k, enum packing packing)
{
        const char *tmp = getenv("TMPDIR");

        if (!tmp) /* where an fsync costs nothing, if there is such a place */
                tmp = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
        *k = (struct kept){ .now = KEPT_START };
        snprintf(k->dir, sizeof(k->dir), "%.40s/kept-XXXXXX", tmp);
        if (!mkdtemp(k->dir))
                kept_die("mkdtemp", NULL);
        k->config = (struct archive_config){
                .directory = k->dir,
                .packing = packing,
                .level = packing == PACKING_ZSTD ? 3 : 0,
                .frame_size = 1 << 20,
                .segment_size = 1 << 20,
                .segment_age = USEC_PER_DAY,
                .base_url = "https://api.example/v1",
        };
        kept_open(k);
}

/* rm -r; depth keeps a slip from going far. */
static inline void kept_remove_below(int dirfd, const char *name, int depth)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *d;

        while (dir && depth < 5 && (d = readdir(dir)))
                if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
                        kept_remove_below(fd, d->d_name, depth + 1);
        if (dir)
                closedir(dir);
        unlinkat(dirfd, name, dir ? AT_REMOVEDIR : 0);
}

static inline void kept_drop(struct kept *k)
{
        kept_close(k);
        kept_remove_below(AT_FDCWD, k->dir, 0);
}

/* ---- writing ---- */

static inline void kept_line(struct kept *k, enum stream stream, const char *line)
{
        struct spool *spool = spool_new(archive_spool_place(k->archive));
        struct err err;

        if (spool_add(spool, line, strlen(line), &err) != 0 || spool_end_line(spool, &err) != 0 ||
            archive_append(k->archive, stream, spool, "req_1", k->now, &err) < 0)
                kept_die("append", &err);
        spool_free(spool);
}

/* Completions of one second, with their rows. */
static inline void kept_completions(struct kept *k, unsigned n)
{
        struct err err;

        for (unsigned i = 0; i < n; i++) {
                uint8_t digest[SHA256_SIZE];
                char line[256], id[32];
                int64_t row;

                snprintf(id, sizeof(id), "chatcmpl-%u", ++k->next);
                snprintf(line, sizeof(line), "{\"id\":\"%s\",\"created\":%u,\"seed\":%llu}", id,
                         1700000000 + k->next, (unsigned long long)k->next * 2654435761u);
                kept_line(k, STREAM_COMPLETIONS, line);
                sha256(line, strlen(line), digest);
                if (catalog_add(archive_catalog(k->archive), id, strlen(id), 1700000000 + k->next,
                                digest, &row, &err) < 0)
                        kept_die("catalog_add", &err);
        }
}

static inline void kept_commit(struct kept *k)
{
        struct err err;

        k->now += USEC_PER_SEC;
        if (archive_commit(k->archive, k->now, &err) < 0)
                kept_die("commit", &err);
}

static inline void kept_seal(struct kept *k)
{
        struct err err;

        if (archive_seal(k->archive, k->now, true, &err) < 0)
                kept_die("seal", &err);
}

static inline void kept_ledger(struct kept *k, const char *type, const char *members)
{
        struct err err;

        if (archive_line(k->archive, k->now, type, members, &err) < 0)
                kept_die("line", &err);
}

/* Two sealed segments of completions (of two frames and one), one of messages, an open one of
 * completions and one of changes; a group of several lines; a walk line at the end. Closed. */
static inline void kept_small(struct kept *k, enum packing packing)
{
        kept_new(k, packing);
        kept_completions(k, 3);
        kept_commit(k);
        kept_completions(k, 2);
        kept_line(k, STREAM_MESSAGES,
                  "{\"completion_id\":\"chatcmpl-1\",\"id\":\"m1\",\"role\":\"user\"}");
        kept_commit(k);
        kept_seal(k);
        kept_completions(k, 1);
        kept_commit(k);
        kept_seal(k);
        kept_completions(k, 2);
        kept_line(k, STREAM_CHANGES,
                  "{\"type\":\"messages-none\",\"id\":\"chatcmpl-2\",\"observed_at\":"
                  "\"2026-11-22T08:00:00.000000Z\"}");
        kept_commit(k);
        k->now += USEC_PER_MIN;
        kept_ledger(k, "walk",
                    "\"walk\":1,\"kind\":\"full\",\"state\":\"complete\",\"reason\":null,"
                    "\"detail\":null,\"pages\":2,\"seen\":8,\"new\":8,\"changed\":0,\"gone\":0,"
                    "\"newest\":1700000008,\"oldest\":1700000001,\"watermark\":1700000008,"
                    "\"started\":\"2026-11-22T08:00:00.000000Z\",\"gaps\":[],\"filter\":null");
        kept_close(k);
}

/* ---- its files ---- */

#define KEPT_FOLDER(stream) stream "/archived=2026-11-22/"

static inline void kept_path(const struct kept *k, const char *name, char out[static 256])
{
        snprintf(out, 256, "%s/%s", k->dir, name);
}

static inline char *kept_slurp(const struct kept *k, const char *name, size_t *ret_n)
{
        char path[256], *text;
        struct err err;

        kept_path(k, name, path);
        if (fsio_slurp(AT_FDCWD, path, 1 << 24, &text, ret_n, &err) < 0)
                kept_die("read", &err);
        return text;
}

/* Whatever its mode is, the file holds these bytes afterwards. */
static inline void kept_write(const struct kept *k, const char *name, const void *p, size_t n)
{
        char path[256];
        struct err err;
        int fd;

        kept_path(k, name, path);
        chmod(path, 0640);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
        if (fd < 0 || fsio_write(fd, p, n, 0, path, &err) < 0)
                kept_die("write", NULL);
        close(fd);
}

/* Change the first byte of the first such text. */
static inline void kept_spoil(const struct kept *k, const char *name, const char *what)
{
        size_t n;
        char *text = kept_slurp(k, name, &n), *at = memmem(text, n, what, strlen(what));

        if (!at)
                kept_die(what, NULL);
        *at ^= 1;
        kept_write(k, name, text, n);
        free(text);
}

static inline void kept_add(const struct kept *k, const char *name, const char *bytes)
{
        size_t n;
        char *text = kept_slurp(k, name, &n);

        text = mem_resize(text, n + strlen(bytes));
        memcpy(text + n, bytes, strlen(bytes));
        kept_write(k, name, text, n + strlen(bytes));
        free(text);
}

static inline void kept_rename(const struct kept *k, const char *from, const char *to)
{
        char a[256], b[256];

        kept_path(k, from, a);
        kept_path(k, to, b);
        if (rename(a, b) < 0)
                kept_die("rename", NULL);
}

static inline void kept_unlink(const struct kept *k, const char *name)
{
        char path[256];

        kept_path(k, name, path);
        if (unlink(path) < 0)
                kept_die("unlink", NULL);
}

/* ---- verbs, and what they said ---- */

struct said {
        int r;
        char *out, *err;
        size_t out_n, err_n;
        FILE *out_file, *err_file;
};

static inline usec_t kept_clock(void *ctx)
{
        return ((const struct kept *)ctx)->now;
}

/* `call` is an expression with the verb `v`; said_done() is due. */
#define SAY(s, kept, call)                                                              \
        do {                                                                            \
                const struct clock _clock = { kept_clock, kept_clock, (void *)(kept) }; \
                struct verb v = { .directory = (kept)->dir, .clock = &_clock };         \
                                                                                        \
                *(s) = (struct said){ .r = -1 };                                        \
                v.out = (s)->out_file = open_memstream(&(s)->out, &(s)->out_n);         \
                v.err = (s)->err_file = open_memstream(&(s)->err, &(s)->err_n);         \
                (s)->r = (call);                                                        \
                fclose((s)->out_file);                                                  \
                fclose((s)->err_file);                                                  \
        } while (0)

static inline void said_done(struct said *s)
{
        free(s->out);
        free(s->err);
}
