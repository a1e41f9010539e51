/* Files as the archive needs them: whole reads and writes at offsets, names that are durable, files
 * without a name. Every error text says what was attempted on which file. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* All n bytes at offset; short writes and EINTR are continued. `name` is for the error text. */
int fsio_write(int fd, const void *p, size_t n, uint64_t offset, const char *name, struct err *e);
/* Up to n bytes at offset; *ret_n < n only at the end of the file. */
int fsio_read(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n, const char *name,
              struct err *e);
/* Copy n bytes between files by copy_file_range(2), or by hand where the file system cannot. */
int fsio_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t n,
              const char *name, struct err *e);
int fsio_truncate(int fd, uint64_t length, const char *name, struct err *e);

/* fdatasync / fsync, once: an error is never retried, because the kernel forgets it (the pages are
 * marked clean) and the next call would say success over lost data. */
int fsio_datasync(int fd, const char *name, struct err *e);
int fsio_sync(int fd, const char *name, struct err *e);
/* fsync of the directory `path` below dirfd; "" is dirfd itself. */
int fsio_sync_dir(int dirfd, const char *path, struct err *e);

int fsio_rename(int dirfd, const char *from, const char *to, struct err *e);
/* Create a directory (mode 0750 less umask), durable in its parent when done; 0 also if it is
 * there already. One level only. */
int fsio_mkdir(int dirfd, const char *path, struct err *e);
int fsio_unlink(int dirfd, const char *path, struct err *e); /* 0 also if it is not there */

/* A file without a name on dirfd's file system, for reading and writing: O_TMPFILE, or a name that
 * is removed at once where the file system has none. A descriptor, or -1. */
int fsio_unnamed(int dirfd, struct err *e);

/* The whole of a short file; longer than max is an error. The text is NUL-terminated, to be freed
 * by the caller. *ret_n may be NULL. */
int fsio_slurp(int dirfd, const char *path, size_t max, char **ret, size_t *ret_n, struct err *e);

/* Bytes that an unprivileged process may still write on fd's file system. */
int fsio_free(int fd, uint64_t *ret, struct err *e);
