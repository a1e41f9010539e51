#include "base/mem.h"

#include <string.h>

void *mem_new(size_t n)
{
        void *p = calloc(1, n ? n : 1);

        if (!p)
                abort();
        return p;
}

void *mem_resize(void *p, size_t n)
{
        p = realloc(p, n ? n : 1);
        if (!p)
                abort();
        return p;
}

char *mem_strdup(const char *s)
{
        return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
        size_t len = strnlen(s, n);
        char *p = mem_new(len + 1);

        memcpy(p, s, len);
        return p;
}

void mem_free_secret(char *s)
{
        if (!s)
                return;
        explicit_bzero(s, strlen(s));
        free(s);
}
