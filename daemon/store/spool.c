#include "store/spool.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "store/pack.h"

#include <string.h>
#include <unistd.h>

struct spool {
        struct spool_place *place;
        char *text; /* grows to SPOOL_MEMORY */
        size_t n, room;
        uint64_t records, bytes;

        /* of a giant */
        struct pack *pack;
        int fd;
        uint64_t stored;
        struct sha256 *line_sum;   /* of the record's bytes */
        struct sha256 *stored_sum; /* of the compressed ones */
};

struct spool *spool_new(struct spool_place *place)
{
        struct spool *s = mem_new(sizeof(*s));

        s->place = place;
        s->fd = -1;
        return s;
}

void spool_reset(struct spool *s)
{
        s->n = 0;
        s->records = s->bytes = 0;
        if (s->place->giant != s)
                return;
        s->place->giant = NULL;
        s->pack = pack_free(s->pack);
        s->line_sum = sha256_free(s->line_sum);
        s->stored_sum = sha256_free(s->stored_sum);
        s->stored = 0;
        if (s->fd >= 0)
                close(take_fd(&s->fd));
}

struct spool *spool_free(struct spool *s)
{
        if (!s)
                return NULL;
        spool_reset(s);
        free(s->text);
        free(s);
        return NULL;
}

static int write_stored(void *ctx, const void *p, size_t n, struct err *e)
{
        struct spool *s = ctx;

        if (fsio_write(s->fd, p, n, s->stored, "a temporary file", e) < 0)
                return -1;
        sha256_add(s->stored_sum, p, n);
        s->stored += n;
        return 0;
}

/* Digests the text in memory, less the newlines that end its lines. */
static void digest_text(const struct spool *s, struct sha256 *sum)
{
        const char *p = s->text, *end = s->text + s->n, *newline;

        while (s->n && p < end) {
                newline = memchr(p, '\n', (size_t)(end - p));
                sha256_add(sum, p, (size_t)((newline ? newline : end) - p));
                p = newline ? newline + 1 : end;
        }
}

/* The memory is full: what it holds goes first into a frame of its own. */
static int become_giant(struct spool *s, struct err *e)
{
        struct spool_place *place = s->place;

        if (place->giant)
                return SPOOL_BUSY;
        s->fd = fsio_unnamed(place->dirfd, e);
        if (s->fd < 0)
                return -1;
        place->giant = s;
        s->line_sum = sha256_new();
        s->stored_sum = sha256_new();
        if (pack_new(place->packing, place->level, write_stored, s, &s->pack, e) < 0)
                return -1;
        digest_text(s, s->line_sum);
        if (s->n && pack_add(s->pack, s->text, s->n, e) < 0)
                return -1;
        s->n = 0;
        return 0;
}

static int put(struct spool *s, const void *p, size_t n, struct err *e)
{
        size_t room = s->room ? s->room : 4096;
        int r;

        if (!s->pack && s->n + n > SPOOL_MEMORY) {
                r = become_giant(s, e);
                if (r != 0)
                        return r;
        }
        s->bytes += n;
        if (s->pack)
                return pack_add(s->pack, p, n, e);
        while (room < s->n + n)
                room *= 2;
        if (room != s->room) {
                s->text = mem_resize(s->text, room);
                s->room = room;
        }
        memcpy(s->text + s->n, p, n);
        s->n += n;
        return 0;
}

int spool_add(struct spool *s, const void *p, size_t n, struct err *e)
{
        int r;

        if (n == 0)
                return 0;
        r = put(s, p, n, e);
        if (r == 0 && s->pack)
                sha256_add(s->line_sum, p, n);
        return r;
}

int spool_end_line(struct spool *s, struct err *e)
{
        int r = put(s, "\n", 1, e);

        if (r == 0)
                s->records++;
        return r;
}

bool spool_cut(struct spool *s, uint64_t records, uint64_t bytes)
{
        if (s->pack)
                return s->records == records && s->bytes == bytes;
        s->n = (size_t)bytes;
        s->bytes = bytes;
        s->records = records;
        return true;
}

uint64_t spool_records(const struct spool *s)
{
        return s->records;
}

uint64_t spool_bytes(const struct spool *s)
{
        return s->bytes;
}

const char *spool_text(const struct spool *s)
{
        return s->n ? s->text : "";
}

void spool_digest(const struct spool *s, uint8_t out[static SHA256_SIZE])
{
        struct sha256 *sum;
        size_t n = s->n;

        if (s->pack) {
                sha256_digest(s->line_sum, out);
                return;
        }
        /* One line, the common case. */
        if (s->records == 0 || (s->records == 1 && s->text[n - 1] == '\n')) {
                sha256(spool_text(s), n - (s->records ? 1 : 0), out);
                return;
        }
        sum = sha256_new();
        digest_text(s, sum);
        sha256_digest(sum, out);
        sha256_free(sum);
}

bool spool_is_giant(const struct spool *s)
{
        return s->pack != NULL;
}

int spool_finish_giant(struct spool *s, int *ret_fd, uint64_t *ret_length,
                       uint8_t ret_sum[static SHA256_SIZE], struct err *e)
{
        if (pack_finish(s->pack, e) < 0)
                return -1;
        *ret_fd = s->fd;
        *ret_length = s->stored;
        sha256_digest(s->stored_sum, ret_sum);
        return 0;
}
