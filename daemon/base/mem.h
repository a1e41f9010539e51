/* Memory that is there or the program ends, and ownership by scope. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Like malloc (zeroed), realloc, strdup and strndup; out of memory aborts, which is the path that
 * kill -9 tests every day. */
void *mem_new(size_t n);
void *mem_resize(void *p, size_t n);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/* free() for memory that held a secret: overwritten first. Takes NULL. */
void mem_free_secret(char *s);

static inline void mem_freep(void *p)
{
        free(*(void **)p);
}

static inline void mem_closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

#define _cleanup_free_  __attribute__((cleanup(mem_freep)))
#define _cleanup_close_ __attribute__((cleanup(mem_closep)))

/* Let go of a pointer or descriptor that a cleanup attribute would free: yields the value, leaves
 * NULL or -1. */
#define take_ptr(p)                                   \
        ({                                            \
                __typeof__(p) *_pp = &(p), _v = *_pp; \
                *_pp = NULL;                          \
                _v;                                   \
        })

static inline int take_fd(int *fd)
{
        int v = *fd;

        *fd = -1;
        return v;
}

#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
