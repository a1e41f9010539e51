#include "store/archive_core.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void archive_undo(struct archive *a)
{
        a->tally.undos++;
        if (a->stale) { /* the ledger may name what is in the files */
                catalog_rollback(a->catalog);
                return;
        }
        for (size_t i = 0; i < STREAMS; i++) {
                a->frames[i] = frame_free(a->frames[i]);
                if (!a->touched[i] || !a->segments[i])
                        continue;
                a->touched[i] = false;
                /* A file that cannot be cut back takes no further frame: the next start cuts it. */
                if (segment_undo(a->segments[i], NULL) < 0 || a->segments[i]->committed == 0)
                        archive_drop_segment(a, (enum stream)i);
        }
        a->encoding = NULL;
        a->n_group = 0;
        a->mark.set = false;
        a->mark.began = 0;
        a->group_bytes = 0;
        a->due = false;
        if (a->walk.number == a->walk_committed.number)
                a->walk = a->walk_committed;
        catalog_rollback(a->catalog);
}

static int close_frames(struct archive *a, usec_t now, struct err *e)
{
        /* The one that encodes first: the others need the encoder that it frees. */
        for (int encoding = 1; encoding >= 0; encoding--) {
                for (size_t i = 0; i < STREAMS; i++) {
                        struct frame *f = a->frames[i];

                        if (f && frame_encodes(f) == (encoding == 1) &&
                            archive_close_frame(a, (enum stream)i, now, e) < 0)
                                return -1;
                }
        }
        return 0;
}

int archive_poison(struct archive *a, enum stream stream, struct err *why)
{
        char path[NAME_MAX_BYTES];

        memcpy(path, a->segments[stream]->path, sizeof(path));
        segment_undo(a->segments[stream], NULL);
        archive_drop_segment(a, stream);
        archive_undo(a); /* frames of the group may lie in it */
        if (a->watch.poisoned)
                a->watch.poisoned(a->watch.ctx, path, why);
        return err_wrap(why, "%s takes no further frame in this run", path);
}

static int sync_segments(struct archive *a, struct err *e)
{
        struct err why;

        e = e ? e : &why;
        for (size_t i = 0; i < STREAMS; i++) {
                struct segment *s = a->segments[i];

                if (!a->touched[i])
                        continue;
                if (segment_sync(s, e) < 0)
                        return archive_poison(a, (enum stream)i, e);
                work_bytes(&a->work, s->written - s->committed);
        }
        return 0;
}

/* What is written to a file without a name is gone when it is closed; nothing else would say so. */
static int check_linked(struct archive *a, int fd, const char *path, struct err *e)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_sys(e, errno, "cannot see %s", path);
        if (st.st_nlink > 0)
                return 0;
        a->stale = true;
        return err_set(e, ERR_DAMAGE,
                       "%s was removed or replaced while it was in use: nothing more is written "
                       "to this archive",
                       path);
}

int archive_check_linked(struct archive *a, struct err *e)
{
        if (check_linked(a, ledger_fd(a->ledger), LEDGER_FILE, e) < 0)
                return -1;
        for (size_t i = 0; i < STREAMS; i++)
                if (a->segments[i] &&
                    check_linked(a, a->segments[i]->fd, a->segments[i]->path, e) < 0)
                        return -1;
        return 0;
}

static void put_frame_line(struct archive *a, const struct frame_ref *f, const char *request_id,
                           usec_t now)
{
        _cleanup_buf_ struct buf b = BUF_INIT;
        char hex[SHA256_HEX_SIZE];
        const char *comma = "";

        sha256_hex(f->sum, hex);
        buf_printf(&b,
                   "\"stream\":\"%s\",\"segment\":\"%s\",\"offset\":%llu,\"length\":%llu,"
                   "\"sha256\":\"%s\",\"records\":%llu,\"bytes\":%llu,\"walk\":%llu,\"cursors\":{",
                   stream_name(f->stream), f->segment, (unsigned long long)f->offset,
                   (unsigned long long)f->length, hex, (unsigned long long)f->records,
                   (unsigned long long)f->bytes, (unsigned long long)a->walk.number);
        if (*a->walk.desc) {
                buf_puts(&b, "\"desc\":");
                buf_json_str(&b, a->walk.desc);
                comma = ",";
        }
        if (*a->walk.asc) {
                buf_printf(&b, "%s\"asc\":", comma);
                buf_json_str(&b, a->walk.asc);
        }
        buf_puts(&b, "},\"request_id\":");
        buf_json_str(&b, *request_id ? request_id : NULL);
        ledger_put(a->ledger, now, "frame", buf_str(&b));
}

/* By stream, whatever was closed first: who reads them back finds a completion before the messages
 * of it. */
static void put_frame_lines(struct archive *a, usec_t now)
{
        for (size_t s = 0; s < STREAMS; s++)
                for (size_t i = 0; i < a->n_group; i++)
                        if (a->group[i].stream == (enum stream)s)
                                put_frame_line(a, &a->group[i], a->request_ids[i], now);
}

/* The catalog's row of a segment that this group adds frames to. The offset and seq of the
 * segment's first line tell a later start where to look for its frames. */
static int put_segment_row(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        const struct ledger_head *head = ledger_head(a->ledger);
        struct segment *s = a->segments[stream];
        struct catalog_segment g;
        int r;

        if (s->written == s->committed) /* what it had was taken back */
                return 0;
        r = catalog_get_segment(a->catalog, stream, s->name.number, &g, e);
        if (r < 0)
                return -1;
        if (r == CATALOG_NONE)
                g = (struct catalog_segment){
                        .name = s->name, .first = now, .ledger = head->offset, .seq = head->seq
                };
        g.length = s->written;
        for (size_t i = 0; i < a->n_group; i++)
                g.frames += a->group[i].stream == stream;
        return catalog_put_segment(a->catalog, &g, e);
}

static int put_rows(struct archive *a, usec_t now, struct err *e)
{
        for (size_t i = 0; i < STREAMS; i++)
                if (a->touched[i] && put_segment_row(a, (enum stream)i, now, e) < 0)
                        return -1;
        if (a->walk.number && catalog_put_walk(a->catalog, &a->walk, e) < 0)
                return -1;
        return 0;
}

/* The ledger has the group; from here on nothing may be undone. */
static int settle(struct archive *a, usec_t now, struct err *e)
{
        for (size_t i = 0; i < STREAMS; i++) {
                if (!a->touched[i])
                        continue;
                if (a->segments[i]->written == 0) {
                        segment_undo(a->segments[i], NULL);
                        archive_drop_segment(a, (enum stream)i);
                        continue;
                }
                a->stored += a->segments[i]->written - a->segments[i]->committed;
                segment_settle(a->segments[i], now);
                a->touched[i] = false;
        }
        for (size_t i = 0; i < a->n_group; i++)
                a->counted[a->group[i].stream]++;
        a->n_group = 0;
        a->mark.set = false;
        a->tally.commits++;
        a->mark.began = 0;
        a->group_bytes = 0;
        a->due = false;
        if (catalog_commit(a->catalog, ledger_head(a->ledger), e) < 0) {
                a->stale = true;
                return err_wrap(e, "what the ledger has could not be put into the catalog");
        }
        a->walk_committed = a->walk;
        return 0;
}

/* type NULL: no line of its own behind the frames. */
static int commit_group(struct archive *a, usec_t now, const char *type, const char *members,
                        struct err *e)
{
        int r;

        if (close_frames(a, now, e) < 0 || sync_segments(a, e) < 0 || put_rows(a, now, e) < 0 ||
            catalog_begin(a->catalog, e) < 0 || archive_check_linked(a, e) < 0)
                return -1;
        if (a->n_group && a->begin)
                ledger_put(a->ledger, now, "begin", a->begin);
        put_frame_lines(a, now);
        if (type)
                ledger_put(a->ledger, now, type, members);
        r = ledger_commit(a->ledger, e);
        if (r < -1) /* the lines may stand in the file: what they name must stay, too */
                a->stale = true;
        if (r < 0)
                return -1;
        if (a->n_group)
                archive_set_begin(a, NULL);
        return 0;
}

static void remember(struct archive *a, const struct err *why)
{
        a->why = *why;
        a->why_undos = a->tally.undos;
}

int archive_line(struct archive *a, usec_t now, const char *type, const char *members,
                 struct err *e)
{
        struct err why = { 0 };
        int r;

        if (a->stale)
                return archive_refuse(a, e);
        r = commit_group(a, now, type, members, &why);
        if (r < 0 && !a->stale)
                archive_undo(a);
        if (r == 0)
                r = settle(a, now, &why);
        if (r < 0)
                remember(a, &why);
        if (r < 0 && e)
                *e = why;
        return r;
}

int archive_refuse(const struct archive *a, struct err *e)
{
        if (a->why.kind == ERR_NONE)
                return err_set(e, ERR_HOST, "the archive has to be opened again first");
        if (e)
                *e = a->why;
        return -1;
}

const struct err *archive_why(const struct archive *a, uint64_t undos)
{
        return a->why_undos > undos ? &a->why : NULL;
}

int archive_commit(struct archive *a, usec_t now, struct err *e)
{
        return archive_line(a, now, NULL, NULL, e);
}

int archive_keep_up(struct archive *a, bool anyway, usec_t now, struct err *e)
{
        if (!anyway && !archive_due(a, now))
                return 0;
        return archive_commit(a, now, e) < 0 ? -1 : archive_seal(a, now, false, e);
}

int archive_seal_one(struct archive *a, enum stream stream, usec_t now, struct err *e)
{
        struct segment *s = a->segments[stream];
        char path[NAME_MAX_BYTES], hex[SHA256_HEX_SIZE];
        _cleanup_buf_ struct buf b = BUF_INIT;
        uint64_t length = s->committed;
        uint32_t number = s->name.number;
        uint8_t sum[SHA256_SIZE];
        struct catalog_segment g;
        int r;

        if (archive_check_linked(a, e) < 0)
                return -1;
        r = segment_seal(s, path, sum, e);
        work_bytes(&a->work, length);
        archive_drop_segment(a, stream);
        if (r < 0)
                return -1;
        sha256_hex(sum, hex);
        buf_printf(&b, "\"stream\":\"%s\",\"segment\":\"%s\",\"length\":%llu,\"sha256\":\"%s\"",
                   stream_name(stream), path, (unsigned long long)length, hex);
        r = catalog_get_segment(a->catalog, stream, number, &g, e);
        if (r != 0)
                return r < 0 ? -1 : err_set(e, ERR_BUG, "catalog: %s is not there", path);
        g.name.open = false;
        if (catalog_put_segment(a->catalog, &g, e) < 0 ||
            archive_line(a, now, "seal", buf_str(&b), e) < 0)
                return -1;
        if (a->watch.sealed)
                a->watch.sealed(a->watch.ctx, path, length);
        return 0;
}

int archive_seal(struct archive *a, usec_t now, bool all, struct err *e)
{
        char today[CLOCK_TEXT_MAX];

        clock_date(now, today);
        for (size_t i = 0; i < STREAMS; i++) {
                struct segment *s = a->segments[i];

                if (!s || s->committed == 0 || s->written != s->committed || a->frames[i])
                        continue;
                if (all || s->committed >= a->config.segment_size ||
                    now - s->first >= a->config.segment_age || strcmp(s->name.date, today) != 0 ||
                    s->name.packing != a->config.packing) {
                        if (archive_seal_one(a, (enum stream)i, now, e) < 0)
                                return -1;
                }
        }
        return 0;
}
