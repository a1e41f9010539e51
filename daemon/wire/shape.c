#include "wire/shape.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { OBJECT = 1, DATA = 2, HAS_MORE = 4, ID = 8, CREATED = 16 };

#define OF_PAGE   (OBJECT | DATA | HAS_MORE)
#define OF_RECORD (ID | CREATED)

/* Each kind: how it is called, the depth at which its records' members stand, and which members
 * count. */
static const struct {
        const char *name;
        const char *id;
        unsigned record_depth;
        unsigned needs; /* what must have come */
        unsigned once;  /* what may not come twice */
} kinds[] = {
        [PAGE_LIST] = { "the page", "id", 3, DATA | HAS_MORE | ID | CREATED,
                        DATA | HAS_MORE | ID | CREATED },
        [PAGE_MESSAGES] = { "the page", "id", 3, DATA | HAS_MORE | ID, DATA | HAS_MORE | ID },
        [PAGE_ONE] = { "the completion", "id", 1, ID | CREATED, ID | CREATED },
        [PAGE_MESSAGE] = { "the message", "completion_id", 1, ID, 0 },
};

void shape_init(struct shape *s, enum page_kind kind)
{
        *s = (struct shape){ .kind = kind };
}

const char *shape_name(const struct shape *s)
{
        return kinds[s->kind].name;
}

static bool shape_is_list(const struct shape *s)
{
        return kinds[s->kind].record_depth > 1;
}

/* Do we stand right within a record, where its own members do? */
static bool shape_at_record(const struct shape *s)
{
        return s->depth == kinds[s->kind].record_depth && (s->in_data || !shape_is_list(s));
}

static bool equals(const char *p, size_t n, const char *word)
{
        return n == strlen(word) && memcmp(p, word, n) == 0;
}

/* "record 7 of the page", counted from 1; "the completion". */
static int shape_refuse_record(const struct shape *s, const char *what, const char *member,
                               struct err *e)
{
        if (shape_is_list(s))
                return err_set(e, ERR_SOURCE, "record %" PRIu64 " of the page %s %s",
                               s->result.records + 1, what, member);
        return err_set(e, ERR_SOURCE, "%s %s %s", kinds[s->kind].name, what, member);
}

static unsigned shape_member(const struct shape *s, const char *key, size_t n)
{
        unsigned needs = kinds[s->kind].needs;

        if (shape_at_record(s)) {
                if (equals(key, n, kinds[s->kind].id))
                        return ID;
                return equals(key, n, "created") ? needs & CREATED : 0;
        }
        if (s->depth != 1)
                return 0;
        if (equals(key, n, "object"))
                return OBJECT;
        if (equals(key, n, "data"))
                return DATA;
        return equals(key, n, "has_more") ? HAS_MORE : 0;
}

int shape_key(struct shape *s, const char *key, size_t n, bool cut, struct err *e)
{
        unsigned member = cut ? 0 : shape_member(s, key, n);
        bool again = s->seen & member;

        s->seen |= member;
        s->member = member;
        if (!again)
                return 0;
        if (member & kinds[s->kind].once & OF_PAGE)
                return err_set(e, ERR_SOURCE, "the page has more than one %s",
                               member == DATA ? "data" : "has_more");
        if (member & kinds[s->kind].once)
                return shape_refuse_record(s, "has more than one",
                                           member == ID ? kinds[s->kind].id : "created", e);
        /* Of the archive's messages the first completion_id counts, whatever the message holds. */
        if (member == ID)
                s->member = 0;
        return 0;
}

static int shape_id(struct shape *s, const struct shape_value *v, struct err *e)
{
        const char *name = kinds[s->kind].id;

        if (v->type != SHAPE_STRING)
                return shape_refuse_record(s, "has no string as its", name, e);
        if (v->lone)
                return shape_refuse_record(s, "has half a surrogate pair in its", name, e);
        if (v->cut || v->n > PAGE_ID_MAX)
                return shape_refuse_record(s, "has too many bytes in its", name, e);
        if (v->n == 0 && !v->partial)
                return shape_refuse_record(s, "has an empty", name, e);
        for (size_t i = 0; i < v->n; i++)
                if ((unsigned char)v->p[i] < 0x20 || v->p[i] == 0x7f)
                        return shape_refuse_record(s, "has a control character in its", name, e);
        memcpy(s->id, v->p, v->n);
        s->id[v->n] = '\0';
        s->record.id = s->id;
        s->record.id_length = v->n;
        return 0;
}

static bool shape_says_list(const struct shape_value *v)
{
        return (v->n == 4 || (v->n < 4 && v->partial)) && memcmp(v->p, "list", v->n) == 0;
}

static int shape_check_member(struct shape *s, unsigned member, const struct shape_value *v,
                              struct err *e)
{
        switch (member) {
        case OBJECT:
                if (v->type != SHAPE_STRING || v->cut || !shape_says_list(v))
                        return err_set(e, ERR_SOURCE, "the page's object is not \"list\"");
                return 0;
        case DATA:
                if (v->type != SHAPE_ARRAY)
                        return err_set(e, ERR_SOURCE, "the page's data is no array");
                s->in_data = true;
                return 0;
        case HAS_MORE:
                if (v->type != SHAPE_BOOL)
                        return err_set(e, ERR_SOURCE, "the page's has_more is no boolean");
                s->result.has_more = v->yes;
                return 0;
        case ID:
                return shape_id(s, v, e);
        case CREATED:
                if (v->type != SHAPE_NUMBER || text_int64(v->p, v->n, &s->record.created) < 0)
                        return shape_refuse_record(s, "has no 64-bit integer as its", "created", e);
                return 0;
        default:
                return 0;
        }
}

int shape_value(struct shape *s, const struct shape_value *v, struct err *e)
{
        unsigned member = s->member;
        int r;

        s->member = 0;
        if (s->depth == 0 && v->type != SHAPE_OBJECT)
                return err_set(e, ERR_SOURCE, "%s is no JSON object", kinds[s->kind].name);
        if (s->in_data && s->depth == 2 && v->type != SHAPE_OBJECT)
                return shape_refuse_record(s, "is no", "object", e);
        r = shape_check_member(s, member, v, e);
        if (r < 0 || (v->type != SHAPE_OBJECT && v->type != SHAPE_ARRAY))
                return r;

        if (s->depth == PAGE_DEPTH_MAX)
                return err_set(e, ERR_SOURCE, "%s nests objects and arrays deeper than %d",
                               kinds[s->kind].name, PAGE_DEPTH_MAX);
        s->depth++;
        if (!shape_at_record(s))
                return 0;
        s->seen &= ~(unsigned)OF_RECORD;
        return SHAPE_BEGIN;
}

int shape_close(struct shape *s, struct err *e)
{
        bool record = shape_at_record(s);
        unsigned lacks = kinds[s->kind].needs & ~s->seen;

        if (record && lacks & ID)
                return shape_refuse_record(s, "has no", kinds[s->kind].id, e);
        if (record && lacks & CREATED)
                return shape_refuse_record(s, "has no", "created", e);
        s->depth--;
        if (s->depth == 1)
                s->in_data = false;
        if (s->depth == 0 && lacks & OF_PAGE)
                return err_set(e, ERR_SOURCE, "the page has no %s",
                               lacks & DATA ? "data" : "has_more");
        s->result.records += record;
        return record ? SHAPE_END : 0;
}
