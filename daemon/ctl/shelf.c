#include "ctl/shelf.h"
#include "base/mem.h"

#include <search.h>
#include <string.h>

struct shelf {
        void *root; /* tsearch(3)'s */
};

static int compare(const void *a, const void *b)
{
        const struct name *x = &((const struct shelf_segment *)a)->name;
        const struct name *y = &((const struct shelf_segment *)b)->name;

        if (x->stream != y->stream)
                return x->stream < y->stream ? -1 : 1;
        if (x->number != y->number)
                return x->number < y->number ? -1 : 1;
        if (x->packing != y->packing)
                return x->packing < y->packing ? -1 : 1;
        return strcmp(x->date, y->date);
}

struct shelf *shelf_new(void)
{
        return mem_new(sizeof(struct shelf));
}

struct shelf *shelf_free(struct shelf *s)
{
        if (!s)
                return NULL;
        tdestroy(s->root, free);
        free(s);
        return NULL;
}

struct shelf_segment *shelf_get(struct shelf *s, const struct name *name)
{
        struct shelf_segment key = { .name = *name };
        struct shelf_segment **found = tfind(&key, &s->root, compare);
        struct shelf_segment *g;

        if (found)
                return *found;
        g = mem_new(sizeof(*g));
        g->name = *name;
        g->name.open = false;
        if (!tsearch(g, &s->root, compare))
                abort();
        return g;
}

struct each {
        void (*fn)(void *ctx, struct shelf_segment *segment);
        void *ctx;
};

static void visit(const void *node, VISIT which, void *closure)
{
        const struct each *each = closure;

        if (which == postorder || which == leaf)
                each->fn(each->ctx, *(struct shelf_segment *const *)node);
}

void shelf_each(struct shelf *s, void (*fn)(void *ctx, struct shelf_segment *segment), void *ctx)
{
        struct each each = { fn, ctx };

        twalk_r(s->root, visit, &each);
}
