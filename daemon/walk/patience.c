#include "walk/patience.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

struct patience {
        usec_t span;
        size_t n;
        struct {
                uint64_t id;  /* a digest: two ids that share one share their time, no more */
                usec_t since; /* of the first time in vain; 0: none yet */
                usec_t off;   /* it is put off until then */
        } entry[PATIENCE_MAX];
};

/* FNV-1a. */
static uint64_t digest(const char *id)
{
        uint64_t h = 0xcbf29ce484222325u;

        for (; *id; id++)
                h = (h ^ (unsigned char)*id) * 0x100000001b3u;
        return h;
}

struct patience *patience_new(usec_t span)
{
        struct patience *p = mem_new(sizeof(*p));

        p->span = span;
        return p;
}

struct patience *patience_free(struct patience *p)
{
        free(p);
        return NULL;
}

static size_t find(const struct patience *p, uint64_t id)
{
        size_t i = 0;

        while (i < p->n && p->entry[i].id != id)
                i++;
        return i;
}

static void add(struct patience *p, uint64_t id)
{
        p->entry[p->n].id = id;
        p->entry[p->n].since = p->entry[p->n].off = 0;
        p->n++;
}

void patience_put_off(struct patience *p, const char *id, usec_t now)
{
        uint64_t h = digest(id);
        size_t i = find(p, h);

        if (i == PATIENCE_MAX)
                return;
        if (i == p->n)
                add(p, h);
        p->entry[i].off = now + PATIENCE_OFF;
}

bool patience_is_off(const struct patience *p, const char *id, usec_t now)
{
        size_t i = find(p, digest(id));

        return i < p->n && p->entry[i].off > now;
}

enum patience_word patience_ask(struct patience *p, const char *id, usec_t now)
{
        uint64_t h = digest(id);
        size_t i = find(p, h);

        if (i == PATIENCE_MAX)
                return PATIENCE_FULL;
        if (i == p->n)
                add(p, h);
        if (p->entry[i].since == 0)
                p->entry[i].since = now;
        return now - p->entry[i].since < p->span ? PATIENCE_WAIT : PATIENCE_OVER;
}

void patience_forget(struct patience *p, const char *id)
{
        size_t i = find(p, digest(id));

        if (i < p->n)
                p->entry[i] = p->entry[--p->n];
}
