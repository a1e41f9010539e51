#include "ctl/leaf.h"
#include "base/mem.h"
#include "ctl/leaf_key.h"
#include "ctl/reading.h"

#include <string.h>

#define NONE UINT32_MAX

struct line {
        uint32_t at, n, next; /* next: in the same bucket */
};

struct leaf {
        int dirfd;
        bool there; /* a frame is in memory: */
        struct frame_ref ref;
        char *text;
        size_t n, room;
        struct line *lines;
        uint32_t n_lines, room_lines;
        uint32_t *buckets;  /* first line of each */
        uint32_t n_buckets; /* a power of two */
        struct buf id;      /* scratch */
};

struct leaf *leaf_new(int dirfd)
{
        struct leaf *l = mem_new(sizeof(*l));

        l->dirfd = dirfd;
        return l;
}

struct leaf *leaf_free(struct leaf *l)
{
        if (!l)
                return NULL;
        free(l->text);
        free(l->lines);
        free(l->buckets);
        buf_done(&l->id);
        free(l);
        return NULL;
}

static uint32_t bucket_of(const struct leaf *l, const char *id, size_t n)
{
        uint64_t h = 14695981039346656037u;

        for (size_t i = 0; i < n; i++)
                h = (h ^ (unsigned char)id[i]) * 1099511628211u;
        return (uint32_t)((h ^ h >> 32) & (l->n_buckets - 1));
}

/* ---- a frame into memory ---- */

static int on_piece(void *ctx, const char *p, size_t n)
{
        struct leaf *l = ctx;

        if (n > l->room - l->n) /* more than the ledger says: found out behind it */
                return 1;
        memcpy(l->text + l->n, p, n);
        l->n += n;
        return 0;
}

static void put_line(struct leaf *l, size_t at, size_t n)
{
        if (l->n_lines == l->room_lines) {
                l->room_lines = l->room_lines ? 2 * l->room_lines : 1024;
                l->lines = mem_resize(l->lines, l->room_lines * sizeof(*l->lines));
        }
        l->lines[l->n_lines++] = (struct line){ (uint32_t)at, (uint32_t)n, NONE };
}

/* What is too short to hold an id gets no place in the table: a frame of newlines would have
 * millions. */
static void split(struct leaf *l)
{
        const size_t shortest = strlen("{\"id\":\"\"}");

        l->n_lines = 0;
        for (size_t at = 0, n; at < l->n; at += n + 1) {
                const char *newline = memchr(l->text + at, '\n', l->n - at);

                n = newline ? (size_t)(newline - (l->text + at)) : l->n - at;
                if (n > shortest)
                        put_line(l, at, n);
        }
}

/* Backwards, so that a bucket has its lines in their order. */
static void make_table(struct leaf *l)
{
        uint32_t n = 16;

        while (n < l->n_lines)
                n *= 2;
        if (n != l->n_buckets)
                l->buckets = mem_resize(l->buckets, n * sizeof(*l->buckets));
        l->n_buckets = n;
        memset(l->buckets, 0xff, n * sizeof(*l->buckets));
        for (uint32_t i = l->n_lines; i-- > 0;) {
                struct line *line = &l->lines[i];
                struct leaf_key key;
                uint32_t *first;

                if (!leaf_key(l->ref.stream, l->text + line->at, line->n, &l->id, &key))
                        continue;
                first = &l->buckets[bucket_of(l, key.p, key.n)];
                line->next = *first;
                *first = i;
        }
}

static bool is_there(const struct leaf *l, const struct frame_ref *ref)
{
        return l->there && l->ref.offset == ref->offset && l->ref.length == ref->length &&
               strcmp(l->ref.segment, ref->segment) == 0 &&
               memcmp(l->ref.sum, ref->sum, SHA256_SIZE) == 0;
}

bool leaf_holds(const struct leaf *l, const struct place *place)
{
        return is_there(l, &place->ref);
}

static int damaged(int r, struct err *e)
{
        if (r == READING_STOPPED)
                err_set(e, ERR_DAMAGE, "the frame has more plain bytes than the ledger says");
        return r > 0 ? LEAF_DAMAGED : r;
}

static int load(struct leaf *l, const struct place *place, struct err *e)
{
        int r;

        if (is_there(l, &place->ref))
                return 0;
        l->there = false;
        l->ref = place->ref;
        l->n = 0;
        if (l->room < place->ref.bytes) {
                free(l->text);
                l->room = (size_t)place->ref.bytes;
                l->text = mem_resize(NULL, l->room);
        }
        r = reading_frame(l->dirfd, &place->ref, place->packing, on_piece, l, e);
        if (r != 0)
                return damaged(r, e);
        split(l);
        make_table(l);
        l->there = true;
        return 0;
}

static int look_up(struct leaf *l, const char *id, size_t n, struct record *to,
                   int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e)
{
        uint32_t i = l->buckets[bucket_of(l, id, n)];
        int r = 0;

        for (; r == 0 && i != NONE; i = l->lines[i].next) {
                const struct line *line = &l->lines[i];
                struct leaf_key key;

                if (!leaf_key(l->ref.stream, l->text + line->at, line->n, &l->id, &key) ||
                    key.n != n || memcmp(key.p, id, n) != 0)
                        continue;
                record_reset(to);
                r = record_add(to, l->text + line->at, line->n, e);
                if (r == 0)
                        r = fn(ctx, e);
        }
        return r;
}

/* ---- a frame that is too large for that ---- */

struct passing {
        struct leaf *leaf;
        enum stream stream;
        const char *id;
        size_t n;
        struct record *to;
        int (*fn)(void *ctx, struct err *e);
        void *ctx;
        struct err *e;
        bool begun; /* a line is in *to */
        int result;
};

static int end_line(struct passing *p)
{
        struct leaf_key key;
        struct err ignored;
        struct json text;

        p->begun = false;
        if (record_text(p->to, &text, &ignored) < 0) /* such a line is nobody's */
                return ignored.kind == ERR_DAMAGE ? 0 : (*p->e = ignored, -1);
        if (!leaf_key(p->stream, text.p, text.n, &p->leaf->id, &key) || key.n != p->n ||
            memcmp(key.p, p->id, p->n) != 0)
                return 0;
        return p->fn(p->ctx, p->e);
}

static int on_passing(void *ctx, const char *at, size_t n)
{
        struct passing *p = ctx;

        while (n > 0 && p->result == 0) {
                const char *newline = memchr(at, '\n', n);
                size_t piece = newline ? (size_t)(newline - at) : n;

                if (!p->begun)
                        record_reset(p->to);
                p->begun = true;
                p->result = record_add(p->to, at, piece, p->e);
                if (p->result == 0 && newline)
                        p->result = end_line(p);
                piece += newline != NULL;
                at += piece;
                n -= piece;
        }
        return p->result;
}

int leaf_each(struct leaf *l, const struct place *place, const char *id, size_t n,
              struct record *to, int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e)
{
        struct passing p = { l, place->ref.stream, id, n, to, fn, ctx, e, false, 0 };
        struct err why;
        int r;

        if (place->ref.bytes <= LEAF_MAX) {
                r = load(l, place, e);
                return r != 0 ? r : look_up(l, id, n, to, fn, ctx, e);
        }
        r = reading_frame(l->dirfd, &place->ref, place->packing, on_passing, &p, &why);
        if (p.result != 0)
                return p.result;
        if (r != 0)
                *e = why;
        return damaged(r, e);
}
