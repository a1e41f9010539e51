/* What a completion's frames say: its versions, its prompt, its history. */
#include "ctl/library_core.h"

#include <stdio.h>
#include <string.h>

#define ENDED 3 /* by who was told of a line; neither LIBRARY_NONE nor LIBRARY_LOST */

/* ---- damage, told once a frame ---- */

static bool tell_first(struct library *l, enum stream stream, uint64_t frame)
{
        for (size_t i = 0; i < l->n_told; i++)
                if (l->told[i].stream == stream && l->told[i].frame == frame)
                        return false;
        if (l->n_told < LIBRARY_TOLD_MAX)
                l->told[l->n_told++] = (struct library_told){ stream, frame };
        return true;
}

/* Where the catalog says something else than the ledger or a frame, it is the catalog. */
static int lost_catalog(struct library *l, enum stream stream, uint64_t frame)
{
        if (tell_first(l, stream, frame))
                damage_add(l->damage, CATALOG_FILE, 0, DAMAGE_UNKNOWN,
                           "frame %llu of %s is not what it says; `reindex` builds it anew",
                           (unsigned long long)frame, stream_name(stream));
        return LIBRARY_LOST;
}

static int find_place(struct library *l, enum stream stream, uint64_t frame, struct place *ret,
                      struct err *e)
{
        int r = places_find(l->places, l->catalog, stream, frame, ret, e);

        if (r == PLACES_NONE)
                return lost_catalog(l, stream, frame);
        if (r == PLACES_BAD) {
                if (tell_first(l, stream, frame))
                        damage_add(l->damage, LEDGER_FILE, ret->line, DAMAGE_UNKNOWN,
                                   "the line of frame %llu of %s is damaged",
                                   (unsigned long long)frame, stream_name(stream));
                return LIBRARY_LOST;
        }
        return r;
}

/* The one that has the frame, else the one that was used longest ago. */
static struct leaf *find_leaf(struct library *l, enum stream stream, const struct place *place)
{
        struct leaf **leaves = l->leaves[stream], *leaf;
        size_t i = 0;

        while (i < LIBRARY_LEAVES - 1 && !leaf_holds(leaves[i], place))
                i++;
        leaf = leaves[i];
        memmove(leaves + 1, leaves, i * sizeof(struct leaf *));
        leaves[0] = leaf;
        return leaf;
}

/* The row's lines in that frame. */
static int each_line(struct library *l, enum stream stream, uint64_t frame,
                     const struct library_row *row, struct record *to,
                     int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e)
{
        struct place place;
        int r = find_place(l, stream, frame, &place, e);

        if (r != 0)
                return r;
        r = leaf_each(find_leaf(l, stream, &place), &place, row->id, strlen(row->id), to, fn, ctx,
                      e);
        if (r != LEAF_DAMAGED)
                return r;
        if (tell_first(l, stream, frame))
                damage_add(l->damage, place.ref.segment, place.ref.offset, place.ref.records, "%s",
                           e->text);
        return LIBRARY_LOST;
}

/* ---- versions ---- */

static int version_frame(struct library *l, const struct library_row *row, uint64_t *version,
                         uint64_t *ret, struct err *e)
{
        int r;

        if (*version == 0)
                *version = row->r.versions;
        *ret = row->r.frame;
        if (*version >= row->r.versions)
                return *version == row->r.versions ? 0 : LIBRARY_NONE;
        r = catalog_version_frame(l->catalog, row->r.row, *version, ret, e);
        return r == CATALOG_NONE ? LIBRARY_NONE : r;
}

static int on_version(void *ctx, struct err *e)
{
        uint64_t *before = ctx;

        (void)e;
        return (*before)-- == 0 ? ENDED : 0; /* the line is in the caller's record */
}

int library_version(struct library *l, const struct library_row *row, uint64_t version,
                    struct record *to, struct err *e)
{
        uint64_t frame, before = 0;
        int r = version_frame(l, row, &version, &frame, e);

        if (r != 0)
                return r;
        if (version > 1 &&
            catalog_count_versions(l->catalog, row->r.row, version, frame, &before, e) < 0)
                return -1;
        r = each_line(l, STREAM_COMPLETIONS, frame, row, to, on_version, &before, e);
        if (r == 0)
                return lost_catalog(l, STREAM_COMPLETIONS, frame);
        return r == ENDED ? 0 : r;
}

int library_origin(struct library *l, const struct library_row *row, uint64_t version,
                   struct library_origin *ret, struct err *e)
{
        struct place place;
        uint64_t frame;
        int r = version_frame(l, row, &version, &frame, e);

        if (r == 0)
                r = find_place(l, STREAM_COMPLETIONS, frame, &place, e);
        if (r != 0)
                return r;
        ret->archived = place.time;
        ret->walk = place.walk;
        snprintf(ret->request_id, sizeof(ret->request_id), "%s", place.request_id);
        snprintf(ret->segment, sizeof(ret->segment), "%s", place.ref.segment);
        ret->offset = place.ref.offset;
        return 0;
}

/* ---- lines of the other streams ---- */

struct telling {
        struct record *scratch;
        bool only_events;
        int (*fn)(void *ctx, const struct json *line);
        void *ctx;
        uint64_t lines;
        int result; /* of fn: it may be any positive number */
};

static bool is_event(const struct json *line)
{
        struct json type;

        return json_member(line, "type", &type) &&
               (json_equals(&type, "changed") || json_equals(&type, "gone") ||
                json_equals(&type, "returned"));
}

static int on_line(void *ctx, struct err *e)
{
        struct telling *t = ctx;
        struct json line;

        if (record_text(t->scratch, &line, e) < 0)
                return -1;
        if (t->only_events && !is_event(&line))
                return 0;
        t->lines++;
        t->result = t->fn(t->ctx, &line);
        return t->result ? ENDED : 0;
}

int library_messages(struct library *l, const struct library_row *row, struct record *scratch,
                     int (*fn)(void *ctx, const struct json *message), void *ctx, struct err *e)
{
        struct telling t = { .scratch = scratch, .fn = fn, .ctx = ctx };
        int r;

        if (row->r.prompt == 0)
                return LIBRARY_NONE;
        r = each_line(l, STREAM_MESSAGES, row->r.prompt, row, scratch, on_line, &t, e);
        if (r == 0 && t.lines == 0)
                return lost_catalog(l, STREAM_MESSAGES, row->r.prompt);
        return r == ENDED ? t.result : r;
}

int library_changes(struct library *l, const struct library_row *row, struct record *scratch,
                    int (*fn)(void *ctx, const struct json *change), void *ctx, struct err *e)
{
        struct telling t = { .scratch = scratch, .only_events = true, .fn = fn, .ctx = ctx };
        bool lost = false;
        uint64_t frame = 0;
        int r;

        while ((r = catalog_next_event(l->catalog, row->r.row, &frame, e)) == 0) {
                t.lines = 0;
                r = each_line(l, STREAM_CHANGES, frame, row, scratch, on_line, &t, e);
                if (r == 0 && t.lines == 0)
                        r = lost_catalog(l, STREAM_CHANGES, frame);
                if (r == ENDED)
                        return t.result;
                if (r < 0)
                        return -1;
                lost = lost || r == LIBRARY_LOST;
        }
        return r < 0 ? -1 : lost ? LIBRARY_LOST : 0;
}
