#include "store/ledger.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HASH_KEY ",\"hash\":"

/* ,"hash":"<64>"} at the line's end */
#define HASH_TAIL (sizeof(HASH_KEY) - 1 + 1 + 2 * SHA256_SIZE + 2)

struct ledger_reader {
        int fd;
        struct ledger_head head; /* behind the last good line */
        bool lost;               /* the line before was bad: the next one's word is taken */
        uint64_t offset;         /* of room[at] in the file */
        size_t at, filled;
        char room[2 * LEDGER_LINE_MAX];
};

struct ledger_reader *ledger_reader_new(int fd, const struct ledger_head *from)
{
        struct ledger_reader *r = mem_new(sizeof(*r));

        r->fd = fd;
        r->head = *from;
        r->offset = from->offset;
        r->lost = from->hash[0] == '\0';
        return r;
}

struct ledger_reader *ledger_reader_free(struct ledger_reader *r)
{
        free(r);
        return NULL;
}

bool ledger_uint_of(const struct json *v, uint64_t *ret)
{
        int64_t n;

        if (json_int64(v, &n) < 0 || n < 0)
                return false;
        *ret = (uint64_t)n;
        return true;
}

bool ledger_uint(const struct json *line, const char *key, uint64_t *ret)
{
        struct json v;

        return json_member(line, key, &v) && ledger_uint_of(&v, ret);
}

bool ledger_text_of(const struct json *v, char *ret, size_t room)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        if (v->type == JSON_STRING && !memchr(v->p, '\\', v->n)) { /* nearly all of ours */
                if (v->n - 2 >= room)
                        return false;
                memcpy(ret, v->p + 1, v->n - 2);
                ret[v->n - 2] = '\0';
                return true;
        }
        if (json_string(v, &b) < 0 || b.n >= room || memchr(buf_str(&b), '\0', b.n))
                return false;
        memcpy(ret, buf_str(&b), b.n + 1);
        return true;
}

bool ledger_text(const struct json *line, const char *key, char *ret, size_t room)
{
        struct json v;

        return json_member(line, key, &v) && ledger_text_of(&v, ret, room);
}

/* Does the text hold its own digest? Then *ret_hash has it. */
static bool proves_itself(const char *text, size_t n, char ret_hash[static SHA256_HEX_SIZE])
{
        uint8_t digest[SHA256_SIZE];
        const char *tail;

        if (n <= HASH_TAIL)
                return false;
        tail = text + n - HASH_TAIL;
        if (memcmp(tail, HASH_KEY "\"", sizeof(HASH_KEY)) != 0 ||
            memcmp(text + n - 2, "\"}", 2) != 0)
                return false;
        sha256(text, n - HASH_TAIL, digest);
        sha256_hex(digest, ret_hash);
        return memcmp(tail + sizeof(HASH_KEY), ret_hash, 2 * SHA256_SIZE) == 0;
}

/* Fills in *line from a line's text; NULL, or what is wrong with it. */
static const char *line_check(struct ledger_reader *r, struct ledger_line *line)
{
        enum { SEQ, TIME, TYPE, GROUP, PREV, MEMBERS };
        static const char *const keys[MEMBERS] = { "seq", "time", "type", "group", "prev" };
        char prev[SHA256_HEX_SIZE], time[CLOCK_TEXT_MAX];
        struct json v[MEMBERS];

        line->proven = false;
        if (!proves_itself(line->text, line->length, line->head.hash))
                return "it does not match its own hash";
        if (json_parse(line->text, line->length, &line->members) < 0)
                return "it is no line of a ledger";
        json_members(&line->members, keys, MEMBERS, v);
        line->type = v[TYPE];
        if (!ledger_uint_of(&v[SEQ], &line->head.seq) ||
            !ledger_text_of(&v[PREV], prev, sizeof(prev)) ||
            !ledger_text_of(&v[TIME], time, sizeof(time)) || clock_parse(time, &line->time) < 0 ||
            line->type.type != JSON_STRING)
                return "it is no line of a ledger";
        if (!ledger_uint_of(&v[GROUP], &line->group))
                line->group = line->head.seq;
        line->proven = true;
        if (!r->lost && line->head.seq != r->head.seq + 1)
                return "its number does not follow the line before";
        if (!r->lost && strcmp(prev, r->head.hash) != 0)
                return "it does not continue the line before";
        return NULL;
}

/* More bytes behind those that are there; the unread ones move to the front. */
static int refill(struct ledger_reader *r, size_t *ret_got, struct err *e)
{
        memmove(r->room, r->room + r->at, r->filled - r->at);
        r->filled -= r->at;
        r->at = 0;
        if (fsio_read(r->fd, r->room + r->filled, sizeof(r->room) - r->filled,
                      r->offset + r->filled, ret_got, LEDGER_FILE, e) < 0)
                return -1;
        r->filled += *ret_got;
        return 0;
}

static void pass(struct ledger_reader *r, size_t n)
{
        r->at += n;
        r->offset += n;
}

/* The bytes at the file's end that no newline ends. A torn write leaves the beginning of a line; a
 * whole line with something else for its newline is damage. */
static int tail(struct ledger_reader *r, struct ledger_line *ret, const char **why)
{
        size_t n = r->filled - r->at;

        ret->offset = r->offset;
        ret->text = r->room + r->at;
        ret->length = n;
        ret->proven = false;
        pass(r, n);
        if (n == 0)
                return LEDGER_END;
        ret->length = n - 1;
        if (n > 1 && line_check(r, ret) == NULL) {
                ret->length = n;
                ret->proven = false; /* it may be a line's beginning all the same */
                *why = "its newline is damaged";
                return LEDGER_BAD;
        }
        ret->length = n;
        *why = "it has no newline";
        return LEDGER_TAIL;
}

/* A line longer than any of ours: on to behind its newline, or to the file's end. */
static int pass_long(struct ledger_reader *r, struct ledger_line *ret, const char **why,
                     struct err *e)
{
        char *newline;
        size_t got, n;

        ret->offset = r->offset;
        ret->text = "";
        ret->proven = false;
        for (;;) {
                newline = memchr(r->room + r->at, '\n', r->filled - r->at);
                n = newline ? (size_t)(newline - (r->room + r->at)) : r->filled - r->at;
                pass(r, n);
                ret->length = (size_t)(r->offset - ret->offset);
                if (newline) {
                        pass(r, 1);
                        r->lost = true;
                        *why = "it is too long";
                        return LEDGER_BAD;
                }
                if (refill(r, &got, e) < 0)
                        return -1;
                if (got == 0) {
                        *why = "it has no newline";
                        return LEDGER_TAIL;
                }
        }
}

int ledger_next(struct ledger_reader *r, struct ledger_line *ret, const char **why, struct err *e)
{
        char *newline;
        size_t got;

        while (!(newline = memchr(r->room + r->at, '\n', r->filled - r->at))) {
                if (r->filled - r->at > LEDGER_LINE_MAX)
                        return pass_long(r, ret, why, e);
                if (refill(r, &got, e) < 0)
                        return -1;
                if (got == 0)
                        return tail(r, ret, why);
        }
        if (newline - (r->room + r->at) > LEDGER_LINE_MAX)
                return pass_long(r, ret, why, e);

        ret->text = r->room + r->at;
        ret->length = (size_t)(newline - ret->text);
        ret->offset = r->offset;
        pass(r, ret->length + 1);
        ret->head.offset = r->offset;
        *why = line_check(r, ret);
        if (*why) {
                r->lost = true;
                return LEDGER_BAD;
        }
        r->lost = false;
        r->head = ret->head;
        return LEDGER_LINE;
}

struct ledger {
        int fd;
        struct ledger_head head;
        struct work *work; /* or NULL */
        struct {
                usec_t now;
                char *type, *members;
        } * group;
        size_t lines;
};

int ledger_open(int dirfd, struct ledger **ret, struct err *e)
{
        _cleanup_close_ int fd = openat(dirfd, LEDGER_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        struct ledger *l;

        if (fd < 0)
                return err_sys(e, errno, "cannot open " LEDGER_FILE);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EWOULDBLOCK)
                        return LEDGER_LOCKED;
                return err_sys(e, errno, "cannot lock " LEDGER_FILE);
        }
        l = mem_new(sizeof(*l));
        l->fd = take_fd(&fd);
        l->head = LEDGER_START;
        *ret = l;
        return 0;
}

static void forget_group(struct ledger *l)
{
        for (size_t i = 0; i < l->lines; i++) {
                free(l->group[i].type);
                free(l->group[i].members);
        }
        free(l->group);
        l->group = NULL;
        l->lines = 0;
}

struct ledger *ledger_close(struct ledger *l)
{
        if (!l)
                return NULL;
        forget_group(l);
        close(l->fd);
        free(l);
        return NULL;
}

int ledger_fd(const struct ledger *l)
{
        return l->fd;
}

void ledger_set_head(struct ledger *l, const struct ledger_head *head)
{
        l->head = *head;
}

const struct ledger_head *ledger_head(const struct ledger *l)
{
        return &l->head;
}

void ledger_put(struct ledger *l, usec_t now, const char *type, const char *members)
{
        l->group = mem_resize(l->group, (l->lines + 1) * sizeof(*l->group));
        l->group[l->lines].now = now;
        l->group[l->lines].type = mem_strdup(type);
        l->group[l->lines].members = mem_strdup(members);
        l->lines++;
}

/* A line that no reader would take is not written: the archive would be damaged for good. */
static int format_group(const struct ledger *l, struct buf *text, struct ledger_head *head,
                        struct err *e)
{
        uint64_t last = l->head.seq + l->lines;
        uint8_t digest[SHA256_SIZE];
        char time[CLOCK_TEXT_MAX];

        for (size_t i = 0; i < l->lines; i++) {
                size_t start = text->n;

                buf_printf(text, "{\"seq\":%llu,\"time\":\"%s\",\"type\":",
                           (unsigned long long)++head->seq, clock_rfc3339(l->group[i].now, time));
                buf_json_str(text, l->group[i].type);
                if (*l->group[i].members)
                        buf_printf(text, ",%s", l->group[i].members);
                buf_printf(text, ",\"group\":%llu,\"prev\":\"%s\"", (unsigned long long)last,
                           head->hash);
                sha256(text->p + start, text->n - start, digest);
                sha256_hex(digest, head->hash);
                buf_printf(text, HASH_KEY "\"%s\"}\n", head->hash);
                if (text->n - start > LEDGER_LINE_MAX + 1)
                        return err_set(e, ERR_BUG,
                                       LEDGER_FILE ": a %s line of %zu bytes is too long",
                                       l->group[i].type, text->n - start);
        }
        head->offset += text->n;
        return 0;
}

/* The cut is synced, too: a cut that a power loss takes back would bring the whole group to life,
 * when what it names was undone. */
static int cut_back(struct ledger *l)
{
        return fsio_truncate(l->fd, l->head.offset, LEDGER_FILE, NULL) < 0 ||
                               fsio_datasync(l->fd, LEDGER_FILE, NULL) < 0
                       ? -2
                       : -1;
}

int ledger_commit(struct ledger *l, struct err *e)
{
        _cleanup_buf_ struct buf text = BUF_INIT;
        struct ledger_head head = l->head;
        int r;

        if (l->lines == 0)
                return 0;
        r = format_group(l, &text, &head, e);
        forget_group(l);
        if (r < 0)
                return -1;
        if (fsio_write(l->fd, text.p, text.n, l->head.offset, LEDGER_FILE, e) < 0 ||
            fsio_datasync(l->fd, LEDGER_FILE, e) < 0)
                return cut_back(l);
        l->head = head;
        return 0;
}

void ledger_tell(struct ledger *l, struct work *work)
{
        l->work = work;
}

int ledger_rewrite(struct ledger *l, uint64_t offset, struct err *e)
{
        char block[65536];
        size_t n;

        while (offset < l->head.offset) {
                uint64_t left = l->head.offset - offset;

                if (fsio_read(l->fd, block, left < sizeof(block) ? (size_t)left : sizeof(block),
                              offset, &n, LEDGER_FILE, e) < 0)
                        return -1;
                if (n == 0)
                        return err_set(e, ERR_DAMAGE, LEDGER_FILE " became shorter");
                if (fsio_write(l->fd, block, n, offset, LEDGER_FILE, e) < 0)
                        return -1;
                offset += n;
                work_bytes(l->work, n);
        }
        return fsio_datasync(l->fd, LEDGER_FILE, e);
}
