#include "ctl/record.h"
#include "base/fsio.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define MEMORY (1 << 20) /* bytes kept in memory; ordinary records have some thousands */

struct record {
        char *p; /* MEMORY bytes at most; what a file has not got yet, once there is one */
        size_t n, room;
        int fd; /* -1: none */
        uint64_t written;
        char *map; /* of all that is written, or NULL */
        size_t mapped;
};

struct record *record_new(void)
{
        struct record *r = mem_new(sizeof(*r));

        r->fd = -1;
        return r;
}

static void unmap(struct record *r)
{
        if (r->map)
                munmap(r->map, r->mapped);
        r->map = NULL;
}

struct record *record_free(struct record *r)
{
        if (!r)
                return NULL;
        record_reset(r);
        free(r->p);
        free(r);
        return NULL;
}

void record_reset(struct record *r)
{
        unmap(r);
        if (r->fd >= 0)
                close(take_fd(&r->fd));
        r->written = 0;
        r->n = 0;
}

static int open_file(struct record *r, struct err *e)
{
        const char *const places[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };

        err_set(e, ERR_HOST, "there is no directory for temporary files");
        for (size_t i = 0; i < ELEMENTS(places) && r->fd < 0; i++) {
                _cleanup_close_ int dir = -1;

                if (!places[i] || !*places[i])
                        continue;
                dir = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (dir < 0)
                        err_sys(e, errno, "cannot open %s", places[i]);
                else
                        r->fd = fsio_unnamed(dir, e);
        }
        return r->fd < 0 ? -1 : 0;
}

static int flush(struct record *r, const char *p, size_t n, struct err *e)
{
        if (r->fd < 0 && open_file(r, e) < 0)
                return -1;
        if (fsio_write(r->fd, p, n, r->written, "a temporary file", e) < 0)
                return -1;
        r->written += n;
        return 0;
}

int record_add(struct record *r, const char *p, size_t n, struct err *e)
{
        if (r->n + n > MEMORY) {
                if (flush(r, r->p, r->n, e) < 0)
                        return -1;
                r->n = 0;
                if (n > MEMORY)
                        return flush(r, p, n, e);
        }
        if (r->n + n > r->room) {
                size_t room = 2 * (r->n + n);

                r->room = room < 4096 ? 4096 : room > MEMORY ? MEMORY : room;
                r->p = mem_resize(r->p, r->room);
        }
        if (n)
                memcpy(r->p + r->n, p, n);
        r->n += n;
        return 0;
}

static int map(struct record *r, struct err *e)
{
        void *p;

        if (r->n && flush(r, r->p, r->n, e) < 0)
                return -1;
        r->n = 0;
        unmap(r);
        if (r->written > SIZE_MAX)
                return err_set(e, ERR_HOST, "a record is too large for this machine");
        p = mmap(NULL, (size_t)r->written, PROT_READ, MAP_PRIVATE, r->fd, 0);
        if (p == MAP_FAILED)
                return err_sys(e, errno, "cannot map a record of %llu bytes",
                               (unsigned long long)r->written);
        r->map = p;
        r->mapped = (size_t)r->written;
        return 0;
}

int record_text(struct record *r, struct json *ret, struct err *e)
{
        const char *p;
        size_t n;

        if (r->fd >= 0 && map(r, e) < 0)
                return -1;
        p = r->fd >= 0 ? r->map : r->n ? r->p : "";
        n = r->fd >= 0 ? r->mapped : r->n;
        /* Who reads it steps through it without looking for its end. White space is left out. */
        if (json_parse(p, n, ret) < 0)
                return err_set(e, ERR_DAMAGE, "a record is no JSON");
        return 0;
}
