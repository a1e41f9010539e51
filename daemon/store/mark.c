#include "store/archive_core.h"

int archive_mark(struct archive *a, usec_t now, struct err *e)
{
        a->mark.set = false;
        if (a->stale)
                return archive_refuse(a, e);
        if (catalog_save(a->catalog, e) < 0)
                return -1;
        for (size_t i = 0; i < STREAMS; i++) {
                const struct frame *f = a->frames[i];

                a->mark.frames[i].open = f != NULL;
                a->mark.frames[i].records = f ? frame_records(f) : 0;
                a->mark.frames[i].bytes = f ? frame_bytes(f) : 0;
        }
        a->mark.n_group = a->n_group;
        a->mark.walk = a->walk;
        a->mark.set = true;
        a->tally.marks++;
        if (a->mark.began == 0)
                a->mark.began = now;
        return 0;
}

static int cut_frame(struct archive *a, enum stream stream, struct err *e)
{
        struct frame *f = a->frames[stream];
        bool encodes = f && frame_encodes(f);
        int r = 0;

        if (!f || frame_bytes(f) == a->mark.frames[stream].bytes)
                return 0;
        r = frame_cut(f, a->mark.frames[stream].records, a->mark.frames[stream].bytes, e);
        if (encodes)
                a->encoding = NULL;
        if (r == 0 && !a->mark.frames[stream].open)
                a->frames[stream] = frame_free(f);
        return r;
}

int archive_back(struct archive *a, struct err *e)
{
        int r;

        if (!a->mark.set)
                return 0;
        a->mark.set = false;
        if (a->n_group != a->mark.n_group)
                return err_set(e, ERR_HOST, "a giant cannot be taken back alone");
        r = catalog_back(a->catalog, e);
        if (r == CATALOG_FULL)
                return err_set(e, ERR_AGAIN, "too much was changed to take it back alone");
        if (r != 0)
                return -1;
        for (size_t i = 0; i < STREAMS; i++)
                if (cut_frame(a, (enum stream)i, e) < 0)
                        return -1;
        a->walk = a->mark.walk;
        return 0;
}
