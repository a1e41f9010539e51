#include "base/fold.h"
#include "base/mem.h"

#include <string.h>

struct level {
        bool object;
        size_t start;             /* object: its first member kept */
        struct fold_value key;    /* object: of the member whose value is to come */
        uint8_t run[SHA256_SIZE]; /* object: of the members that are not kept any more */
        struct sha256 *sum; /* array: of its elements; made when this depth is first reached */
};

/* A key and its value stand together: they are digested as one. */
struct member {
        struct fold_value key, value;
        uint32_t nth;
};

struct fold {
        struct level levels[FOLD_DEPTH_MAX];
        size_t depth;
        struct member members[FOLD_MEMBERS_MAX];
        size_t n;
        struct sha256 *sum; /* of objects, one at a time */
};

_Static_assert(offsetof(struct member, nth) >= 2 * sizeof(struct fold_value) &&
                       sizeof(struct fold_value) == 1 + SHA256_SIZE,
               "members are digested without padding");

struct fold *fold_new(void)
{
        struct fold *f = mem_new(sizeof(*f));

        f->sum = sha256_new();
        return f;
}

struct fold *fold_free(struct fold *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < FOLD_DEPTH_MAX; i++)
                sha256_free(f->levels[i].sum);
        sha256_free(f->sum);
        free(f);
        return NULL;
}

void fold_reset(struct fold *f)
{
        f->depth = 0;
        f->n = 0;
}

size_t fold_depth(const struct fold *f)
{
        return f->depth;
}

bool fold_is_object(const struct fold *f)
{
        return f->depth > 0 && f->levels[f->depth - 1].object;
}

bool fold_open(struct fold *f, bool object)
{
        struct level *l = &f->levels[f->depth];

        if (f->depth == FOLD_DEPTH_MAX)
                return false;
        l->object = object;
        if (object) {
                l->start = f->n;
                memset(l->run, 0, sizeof(l->run));
        } else {
                if (!l->sum)
                        l->sum = sha256_new();
                sha256_reset(l->sum);
                sha256_add(l->sum, "[", 1);
                l->start = f->n; /* an array keeps none */
        }
        f->depth++;
        return true;
}

static int compare(const void *a, const void *b)
{
        const struct member *x = a, *y = b;
        int r = memcmp(&x->key, &y->key, sizeof(x->key));

        if (r != 0)
                return r;
        return x->nth < y->nth ? -1 : 1; /* duplicates keep their order */
}

/* Members first..end of an object, by key, into its run. */
static void put_in_order(struct fold *f, struct level *l, size_t first, size_t end)
{
        struct member *m = f->members + first;
        size_t n = end - first;

        for (size_t i = 0; i < n; i++)
                m[i].nth = (uint32_t)i;
        if (n > 1)
                qsort(m, n, sizeof(*m), compare);
        sha256_reset(f->sum);
        sha256_add(f->sum, "{", 1);
        sha256_add(f->sum, l->run, sizeof(l->run));
        for (size_t i = 0; i < n; i++)
                sha256_add(f->sum, &m[i].key, 2 * sizeof(m[i].key));
        sha256_digest(f->sum, l->run);
}

/* No room for another member: every open object goes on from what it has so far. */
static void make_room(struct fold *f)
{
        for (size_t i = 0; i < f->depth; i++) {
                size_t end = i + 1 < f->depth ? f->levels[i + 1].start : f->n;

                if (end > f->levels[i].start)
                        put_in_order(f, &f->levels[i], f->levels[i].start, end);
        }
        for (size_t i = 0; i < f->depth; i++)
                f->levels[i].start = 0;
        f->n = 0;
}

void fold_key(struct fold *f, const struct fold_value *key)
{
        f->levels[f->depth - 1].key = *key;
}

void fold_add(struct fold *f, const struct fold_value *value)
{
        struct level *l = &f->levels[f->depth - 1];

        if (!l->object) {
                sha256_add(l->sum, value, sizeof(*value));
                return;
        }
        if (f->n == FOLD_MEMBERS_MAX)
                make_room(f);
        f->members[f->n++] = (struct member){ .key = l->key, .value = *value };
}

void fold_close(struct fold *f, struct fold_value *ret)
{
        struct level *l = &f->levels[f->depth - 1];

        ret->kind = FOLD_DIGEST;
        if (l->object) {
                put_in_order(f, l, l->start, f->n);
                memcpy(ret->bytes, l->run, sizeof(ret->bytes));
                f->n = l->start;
        } else {
                sha256_digest(l->sum, ret->bytes);
        }
        f->depth--;
}
