#include "ctl/report_versions.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <string.h>

#define ROOM_FIRST 1024 /* slots; always a power of two, never more than half of them in use */
#define KEY_SIZE   16   /* of a digest: nobody finds two that agree in as many */

struct slot {
        uint8_t key[KEY_SIZE];
        bool used;
        atomic_uint_least32_t left;
};

struct versions {
        struct slot *slots;
        uint64_t room, used, count;
        bool full;
};

struct versions *versions_new(void)
{
        return mem_new(sizeof(struct versions));
}

struct versions *versions_free(struct versions *v)
{
        if (v)
                free(v->slots);
        free(v);
        return NULL;
}

static struct slot *find(const struct versions *v, const uint8_t *key)
{
        struct slot *s;
        uint64_t at;

        memcpy(&at, key, sizeof(at));
        do
                s = &v->slots[at++ & (v->room - 1)];
        while (s->used && memcmp(s->key, key, KEY_SIZE) != 0);
        return s;
}

static void grow(struct versions *v)
{
        struct slot *old = v->slots;
        uint64_t n = v->room;

        v->room = n ? n * 2 : ROOM_FIRST;
        v->slots = mem_new(v->room * sizeof(*old));
        for (uint64_t i = 0; i < n; i++)
                if (old[i].used) {
                        struct slot *s = find(v, old[i].key);

                        memcpy(s->key, old[i].key, KEY_SIZE);
                        s->used = true;
                        atomic_init(&s->left, atomic_load(&old[i].left));
                }
        free(old);
}

void versions_add(struct versions *v, const uint8_t digest[static SHA256_SIZE])
{
        struct slot *s;

        v->count++;
        if (v->used * 2 >= v->room && v->used < VERSIONS_MAX)
                grow(v);
        s = find(v, digest);
        if (!s->used && v->used == VERSIONS_MAX) {
                v->full = true;
                return;
        }
        v->used += !s->used;
        s->used = true;
        memcpy(s->key, digest, KEY_SIZE);
        atomic_fetch_add(&s->left, 1);
}

bool versions_take(struct versions *v, const uint8_t digest[static SHA256_SIZE])
{
        uint_least32_t left;
        struct slot *s;

        if (v->used == 0)
                return false;
        s = find(v, digest);
        left = s->used ? atomic_load(&s->left) : 0;
        while (left && !atomic_compare_exchange_weak(&s->left, &left, left - 1))
                ;
        return left != 0;
}

uint64_t versions_count(const struct versions *v)
{
        return v->count;
}

bool versions_full(const struct versions *v)
{
        return v->full;
}
