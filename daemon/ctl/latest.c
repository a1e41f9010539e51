#include "ctl/latest.h"
#include "base/mem.h"
#include "ctl/member.h"
#include "store/replay.h"

#include <search.h>
#include <string.h>

/* Bits of the table of ids that were changed. A stranger that meets one's bit only costs a look
 * into the catalog. */
#define BITS (1u << 24)

/* An id whose newest version lies behind what is read, and its last line so far. */
struct late {
        uint64_t frame, line;
        size_t n;
        char id[];
};

struct latest {
        struct library *library;
        const struct damage *damage;
        uint8_t *bits;
        uint64_t frames; /* of completions, up to the last commit */

        struct ledger_reader *reader;
        uint64_t frame, line; /* the ordinal of the one in hand; its lines so far */
        void *shown;          /* tsearch's: rows of the frame in hand */
        void *late;           /* and struct late */
        bool again;
        struct buf id;
};

/* ---- frames by their ordinals ---- */

static bool is_completions(const struct ledger_line *line, struct frame_ref *ret)
{
        struct name name;

        return json_equals(&line->type, "frame") && replay_frame(line, ret, &name) &&
               name.stream == STREAM_COMPLETIONS;
}

static int count_frame(void *ctx, const struct ledger_line *line)
{
        struct frame_ref frame;

        if (is_completions(line, &frame))
                ((struct latest *)ctx)->frames++;
        return 0;
}

/* A ledger with lines that cannot be read does not say any more how manieth a frame is. */
static bool are_counted(const struct latest *l)
{
        return l->damage->places == 0;
}

static void start(struct latest *l)
{
        ledger_reader_free(l->reader);
        l->reader = ledger_reader_new(library_chain(l->library)->fd, &LEDGER_START);
        l->frame = 0;
}

/* On to the frame's own line: those that are damaged were not given. */
static int find_frame(struct latest *l, const struct frame_ref *frame, struct err *e)
{
        struct ledger_line line;
        struct frame_ref ref;
        const char *why;
        int step;

        while ((step = ledger_next(l->reader, &line, &why, e)) == LEDGER_LINE)
                if (is_completions(&line, &ref)) {
                        l->frame++;
                        if (ref.offset == frame->offset && strcmp(ref.segment, frame->segment) == 0)
                                return 0;
                }
        return step < 0 ? -1 : err_set(e, ERR_HOST, LEDGER_FILE " changed while it was read");
}

/* ---- ids ---- */

static uint32_t bit_of(const char *id, size_t n)
{
        uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

        for (size_t i = 0; i < n; i++)
                h = (h ^ (unsigned char)id[i]) * 0x100000001b3u;
        return (uint32_t)((h ^ h >> 32) % BITS);
}

static int note_changed(void *ctx, const struct library_row *row)
{
        struct latest *l = ctx;
        uint32_t bit = bit_of(row->id, strlen(row->id));

        l->bits[bit / 8] = (uint8_t)(l->bits[bit / 8] | 1u << bit % 8);
        return 0;
}

static int compare_rows(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static int compare_late(const void *a, const void *b)
{
        const struct late *x = a, *y = b;

        if (x->n != y->n)
                return x->n < y->n ? -1 : 1;
        return memcmp(x->id, y->id, x->n);
}

/* A tree's key, or what it holds for that already; NULL if it is new. */
static void *put_in(void **tree, void *key, int (*compare)(const void *, const void *))
{
        void **at = tsearch(key, tree, compare);

        if (!at)
                abort();
        return *at == key ? NULL : *at;
}

static struct late *late_of(struct latest *l, bool add)
{
        struct late *late = mem_new(sizeof(*late) + l->id.n), **found;

        late->n = l->id.n;
        memcpy(late->id, buf_str(&l->id), l->id.n);
        found = tfind(late, &l->late, compare_late);
        if (!found && add) {
                put_in(&l->late, late, compare_late);
                return late;
        }
        free(late);
        return found ? *found : NULL;
}

/* A, B, A again within one frame: the same line twice, and one row. */
static bool is_shown(struct latest *l, const struct catalog_record *row)
{
        int64_t *key;

        if (row->versions < 3)
                return false;
        key = mem_new(sizeof(*key));
        *key = row->row;
        if (!put_in(&l->shown, key, compare_rows))
                return false;
        free(key);
        return true;
}

static int ask(struct latest *l, const char *p, size_t n, struct err *e)
{
        uint8_t digest[SHA256_SIZE];
        struct catalog_record row;
        struct late *late;
        int r;

        r = catalog_find(library_catalog(l->library), buf_str(&l->id), l->id.n, &row, e);
        if (r != 0)
                return r < 0 ? -1 : 1;
        if (are_counted(l) && row.frame > l->frames) {
                late = late_of(l, true);
                late->frame = l->frame;
                late->line = l->line;
                return 0;
        }
        if (are_counted(l) && row.frame != l->frame)
                return 0;
        sha256(p, n, digest);
        return memcmp(digest, row.digest, sizeof(digest)) == 0 && !is_shown(l, &row);
}

/* ---- from outside ---- */

int latest_new(struct library *l, const struct damage *d, struct latest **ret, struct err *e)
{
        struct filter changed = FILTER_ALL;
        struct latest *x = mem_new(sizeof(*x));

        changed.changed = true;
        x->library = l;
        x->damage = d;
        x->bits = mem_new(BITS / 8);
        start(x);
        if (chain_each(library_chain(l), count_frame, x, e) < 0 ||
            library_each(l, &changed, false, note_changed, x, e) < 0) {
                latest_free(x);
                return -1;
        }
        *ret = x;
        return 0;
}

struct latest *latest_free(struct latest *l)
{
        if (!l)
                return NULL;
        ledger_reader_free(l->reader);
        tdestroy(l->shown, free);
        tdestroy(l->late, free);
        buf_done(&l->id);
        free(l->bits);
        free(l);
        return NULL;
}

int latest_frame(struct latest *l, const struct frame_ref *frame, struct err *e)
{
        tdestroy(l->shown, free);
        l->shown = NULL;
        l->line = 0;
        return are_counted(l) ? find_frame(l, frame, e) : 0;
}

int latest_line(struct latest *l, const char *p, size_t n, struct err *e)
{
        struct late *late;
        uint32_t bit;

        l->line++;
        if (member_id(STREAM_COMPLETIONS, p, n, &l->id) < 0)
                return !l->again;
        if (l->again) {
                late = late_of(l, false);
                return late && late->frame == l->frame && late->line == l->line;
        }
        bit = bit_of(buf_str(&l->id), l->id.n);
        return l->bits[bit / 8] & 1u << bit % 8 ? ask(l, p, n, e) : 1;
}

bool latest_again(struct latest *l)
{
        if (!l->late || l->again)
                return false;
        l->again = true;
        start(l);
        return true;
}
