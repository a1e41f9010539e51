#include "store/archive_core.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct archive *archive_close(struct archive *a)
{
        if (!a)
                return NULL;
        if (a->catalog && !a->stale)
                archive_undo(a);
        for (size_t i = 0; i < STREAMS; i++) {
                frame_free(a->frames[i]);
                segment_free(a->segments[i]);
        }
        if (a->catalog && catalog_is_corrupt(a->catalog)) {
                a->catalog = catalog_close(a->catalog);
                catalog_remove(a->dirfd, NULL); /* the next start builds it anew */
        }
        catalog_close(a->catalog);
        ledger_close(a->ledger);
        free(a->begin);
        if (a->dirfd >= 0)
                close(a->dirfd);
        free(a);
        return NULL;
}

struct catalog *archive_catalog(struct archive *a)
{
        return a->catalog;
}

const struct ledger_head *archive_head(const struct archive *a)
{
        return ledger_head(a->ledger);
}

struct spool_place *archive_spool_place(struct archive *a)
{
        return &a->place;
}

void archive_set_walk(struct archive *a, const struct catalog_walk *walk)
{
        a->walk = a->walk_committed = *walk;
}

struct catalog_walk *archive_walk(struct archive *a)
{
        return &a->walk;
}

void archive_set_begin(struct archive *a, const char *members)
{
        free(a->begin);
        a->begin = members ? mem_strdup(members) : NULL;
}

bool archive_is_stale(const struct archive *a)
{
        return a->stale || catalog_is_corrupt(a->catalog) || catalog_is_moved(a->catalog);
}

const struct archive_tally *archive_tally(const struct archive *a)
{
        return &a->tally;
}

uint64_t archive_stored(const struct archive *a)
{
        return a->stored;
}

void archive_drop_segment(struct archive *a, enum stream stream)
{
        a->segments[stream] = segment_free(a->segments[stream]);
        a->touched[stream] = false;
}

/* The stream's growing segment, made if there is none. A name that is taken already is a leftover
 * that could not be removed: the next number then. */
int archive_segment(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct name name = { .stream = stream, .packing = a->config.packing, .open = true };
        char date[CLOCK_TEXT_MAX];

        if (a->segments[stream])
                return 0;
        /* Else a directory that was removed only looks like a disk in trouble. */
        if (archive_check_linked(a, e) < 0)
                return -1;
        memcpy(name.date, clock_date(now, date), sizeof(name.date));
        for (int tries = 0; tries < 16; tries++) {
                if (a->next[stream] > NAME_NUMBER_MAX)
                        return err_set(e, ERR_HOST, "no segment numbers are left");
                name.number = a->next[stream]++;
                if (segment_new(a->dirfd, &name, &a->segments[stream], e) == 0)
                        return 0;
                if (e->errnum != EEXIST) {
                        a->next[stream]--;
                        return -1;
                }
        }
        return -1;
}

int archive_close_frame(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct frame *f = a->frames[stream];

        if (!f)
                return 0;
        if (a->n_group == ARCHIVE_GROUP_MAX)
                return err_set(e, ERR_BUG, "too many frames in one commit");
        if (!frame_encodes(f)) {
                if (archive_segment(a, stream, now, e) < 0)
                        return -1;
                a->touched[stream] = true;
                if (frame_encode(f, a->segments[stream], e) < 0)
                        return -1;
        }
        if (frame_finish(f, &a->group[a->n_group], e) < 0)
                return -1;
        memcpy(a->request_ids[a->n_group], a->request_id[stream], ARCHIVE_REQUEST_ID_MAX);
        a->n_group++;
        if (a->encoding == f)
                a->encoding = NULL;
        a->frames[stream] = frame_free(f);
        return 0;
}

static int open_frame(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct frame *f;

        if (a->frames[stream])
                return 0;
        if (archive_check_space(a, e) < 0)
                return -1;
        f = frame_new(a->dirfd, a->config.packing, a->config.level, now);
        a->frames[stream] = f;
        if (a->encoding)
                return 0;
        if (archive_segment(a, stream, now, e) < 0)
                return -1;
        a->touched[stream] = true;
        a->encoding = f;
        return frame_encode(f, a->segments[stream], e);
}

/* A giant's frame goes behind the stream's open one, and both are committed at once. */
static int append_giant(struct archive *a, enum stream stream, struct spool *spool,
                        const char *request_id, usec_t now, struct err *e)
{
        struct frame_ref *ref;
        struct name name;
        struct err why;
        int fd, r;

        e = e ? e : &why;
        if (archive_check_space(a, e) < 0 || archive_close_frame(a, stream, now, e) < 0 ||
            archive_segment(a, stream, now, e) < 0)
                return -1;
        a->touched[stream] = true;
        if (a->n_group == ARCHIVE_GROUP_MAX)
                return err_set(e, ERR_BUG, "too many frames in one commit");
        ref = &a->group[a->n_group];
        if (spool_finish_giant(spool, &fd, &ref->length, ref->sum, e) < 0)
                return -1;
        name = a->segments[stream]->name;
        name.open = false;
        name_path(&name, ref->segment);
        ref->stream = stream;
        ref->offset = a->segments[stream]->written;
        ref->records = spool_records(spool);
        ref->bytes = spool_bytes(spool);
        catalog_set_frame(a->catalog, stream, find_next(a, stream));
        r = segment_append_file(a->segments[stream], fd, ref->length, &a->work, e);
        if (r < 0)
                return r == SEGMENT_UNSYNCED ? archive_poison(a, stream, e) : -1;
        snprintf(a->request_ids[a->n_group], ARCHIVE_REQUEST_ID_MAX, "%s", request_id);
        if (a->group_bytes == 0)
                a->group_first = now;
        a->group_bytes += ref->bytes;
        a->n_group++;
        /* Each giant may push an open frame out, and each stream's open one comes on top. */
        if (a->group_bytes >= a->config.frame_size || a->n_group + STREAMS + 2 > ARCHIVE_GROUP_MAX)
                a->due = true;
        return 0;
}

int archive_append(struct archive *a, enum stream stream, struct spool *spool,
                   const char *request_id, usec_t now, struct err *e)
{
        if (a->stale)
                return archive_refuse(a, e);
        if (spool_records(spool) == 0)
                return 0; /* an empty frame is none (and lz4's encoder would crash) */
        a->tally.appends++;
        if (spool_is_giant(spool))
                return append_giant(a, stream, spool, request_id, now, e);
        if (open_frame(a, stream, now, e) < 0)
                return -1;
        if (frame_add(a->frames[stream], spool_text(spool), spool_bytes(spool),
                      spool_records(spool), e) < 0)
                return -1;
        catalog_set_frame(a->catalog, stream, find_next(a, stream));
        snprintf(a->request_id[stream], ARCHIVE_REQUEST_ID_MAX, "%s", request_id);
        if (frame_bytes(a->frames[stream]) >= a->config.frame_size)
                a->due = true;
        return 0;
}

/* A clock that was set back makes it due as well. */
static bool is_old(usec_t since, usec_t now)
{
        return now < since || now - since >= ARCHIVE_FRAME_AGE;
}

bool archive_due(const struct archive *a, usec_t now)
{
        if (a->due || (a->group_bytes && is_old(a->group_first, now)) ||
            (a->mark.began && is_old(a->mark.began, now)))
                return true;
        for (size_t i = 0; i < STREAMS; i++)
                if (a->frames[i] && is_old(frame_first(a->frames[i]), now))
                        return true;
        return false;
}
