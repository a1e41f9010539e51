#include "wire/page.h"
#include "base/mem.h"
#include "wire/shape.h"
#include "wire/squeeze.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#define TAIL 5 /* as the longest word has */

struct page {
        struct page_sink sink;
        struct squeeze *squeeze;
        yajl_handle yajl;
        struct shape shape;

        int rc; /* sticks until the reset; .err with it where negative */
        struct err err;
        bool in_record;
        bool closed;      /* the text's one value has ended, */
        size_t closed_at; /* there in the eyes of its chunk */
        char tail[TAIL];  /* the last bytes of the eyes */
        bool partial;     /* yajl is being told the end of a token that the text does not have */

        /* The chunk in hand; NULL outside page_chunk(). */
        const struct squeeze_chunk *chunk;
        size_t mark;  /* how many of its marks lie behind the current token */
        size_t shift; /* the text is this much ahead of the eyes there */
        size_t from;  /* the record's first byte in the text that the sink has not got */
};

/* Where the current token ends in the eyes. yajl counts from the chunk's first byte, also for a
 * token that began in an earlier chunk. */
static size_t page_eyes(struct page *p)
{
        const struct squeeze_chunk *chunk = p->chunk;
        size_t eyes = yajl_get_bytes_consumed(p->yajl);

        while (p->mark < chunk->n_marks && chunk->marks[p->mark].eyes < eyes) {
                p->shift = chunk->marks[p->mark].text - chunk->marks[p->mark].eyes;
                p->mark++;
        }
        return eyes;
}

/* And in the text. */
static size_t page_text(struct page *p)
{
        size_t eyes = page_eyes(p);

        return eyes + p->shift;
}

/* Of the string that is the current token: 0 if yajl saw all of it. */
static unsigned page_flags(struct page *p)
{
        size_t eyes;

        if (!p->chunk)
                return squeeze_open(p->squeeze);
        eyes = page_eyes(p);
        if (p->mark == 0 || p->chunk->marks[p->mark - 1].eyes + 1 != eyes)
                return 0;
        return p->chunk->marks[p->mark - 1].flags;
}

/* The record's bytes up to `to` in the chunk's text. */
static int page_bytes(struct page *p, size_t to)
{
        size_t from = p->from;

        p->from = to;
        return p->sink.bytes(p->sink.ctx, p->chunk->text + from, to - from, &p->err);
}

/* yajl's callbacks: 0 stops the parser, and p->rc says why. */

static int page_value(struct page *p, const struct shape_value *v)
{
        p->rc = shape_value(&p->shape, v, &p->err);
        if (p->rc == SHAPE_BEGIN) {
                p->from = page_text(p) - 1;
                p->in_record = true;
                p->rc = p->sink.begin(p->sink.ctx, &p->err);
        }
        return p->rc == 0;
}

static int page_close(struct page *p)
{
        p->rc = shape_close(&p->shape, &p->err);
        if (p->rc < 0)
                return 0;
        if (p->shape.depth == 0) {
                p->closed = true;
                p->closed_at = yajl_get_bytes_consumed(p->yajl);
        }
        if (p->rc == SHAPE_END) {
                p->in_record = false;
                p->rc = page_bytes(p, page_text(p));
                if (p->rc == 0)
                        p->rc = p->sink.end(p->sink.ctx, &p->shape.record, &p->err);
        }
        return p->rc == 0;
}

static int on_null(void *ctx)
{
        return page_value(ctx, &(struct shape_value){ .type = SHAPE_NULL });
}

static int on_boolean(void *ctx, int yes)
{
        return page_value(ctx, &(struct shape_value){ .type = SHAPE_BOOL, .yes = yes });
}

static int on_number(void *ctx, const char *text, size_t n)
{
        return page_value(ctx, &(struct shape_value){ .type = SHAPE_NUMBER, .p = text, .n = n });
}

static int on_string(void *ctx, const unsigned char *text, size_t n)
{
        struct page *p = ctx;
        unsigned flags = page_flags(p);

        return page_value(p, &(struct shape_value){
                                     .type = SHAPE_STRING,
                                     .p = (const char *)text,
                                     .n = n,
                                     .cut = flags & SQUEEZE_CUT,
                                     .lone = flags & SQUEEZE_LONE,
                                     .partial = p->partial,
                             });
}

static int on_start_map(void *ctx)
{
        return page_value(ctx, &(struct shape_value){ .type = SHAPE_OBJECT });
}

static int on_start_array(void *ctx)
{
        return page_value(ctx, &(struct shape_value){ .type = SHAPE_ARRAY });
}

static int on_map_key(void *ctx, const unsigned char *key, size_t n)
{
        struct page *p = ctx;

        /* One that has no end (yet) may be any key. */
        p->rc = shape_key(&p->shape, (const char *)key, n, page_flags(p) != 0, &p->err);
        return p->rc == 0;
}

static int on_end(void *ctx)
{
        return page_close(ctx);
}

static const yajl_callbacks page_callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end,
};

static int page_refuse_json(struct page *p)
{
        unsigned char *why = yajl_get_error(p->yajl, 0, NULL, 0);

        err_set(&p->err, ERR_SOURCE, "%s is not JSON (%.*s)", shape_name(&p->shape),
                (int)strcspn((char *)why, ".\n"), (char *)why);
        yajl_free_error(p->yajl, why);
        return -1;
}

/* yajl would accept the start of a token behind the end, if its own end does not come. */
static int page_refuse_more(struct page *p)
{
        return err_set(&p->err, ERR_SOURCE, "something follows the end of %s",
                       shape_name(&p->shape));
}

static int page_parse(struct page *p, const struct squeeze_chunk *chunk)
{
        yajl_status status;

        if (p->closed)
                return page_refuse_more(p);
        if (chunk->n_eyes > 0) {
                status = yajl_parse(p->yajl, (const unsigned char *)chunk->eyes, chunk->n_eyes);
                if (p->rc != 0)
                        return p->rc;
                if (p->closed && p->closed_at < chunk->n_eyes)
                        return page_refuse_more(p);
                if (status != yajl_status_ok)
                        return page_refuse_json(p);
        }
        return p->in_record ? page_bytes(p, chunk->n_text) : 0;
}

/* What the squeeze hands on; its e is p->err. */
static int page_chunk(void *ctx, const struct squeeze_chunk *chunk, struct err *e)
{
        struct page *p = ctx;
        size_t n = chunk->n_eyes < TAIL ? chunk->n_eyes : TAIL;

        (void)e;
        p->chunk = chunk;
        p->mark = p->shift = p->from = 0;
        p->rc = page_parse(p, chunk);
        memmove(p->tail, p->tail + n, TAIL - n);
        memcpy(p->tail + TAIL - n, chunk->eyes + chunk->n_eyes - n, n);
        p->chunk = NULL;
        return p->rc;
}

/* yajl itself does not look whether it got memory. */

static void *page_malloc(void *ctx, size_t n)
{
        (void)ctx;
        return mem_new(n);
}

static void *page_realloc(void *ctx, void *old, size_t n)
{
        (void)ctx;
        return mem_resize(old, n);
}

static void page_dealloc(void *ctx, void *old)
{
        (void)ctx;
        free(old);
}

struct page *page_new(enum page_kind kind, const struct page_sink *sink)
{
        struct page *p = mem_new(sizeof(*p));

        p->sink = *sink;
        p->squeeze = squeeze_new(page_chunk, p);
        p->shape.kind = kind;
        page_reset(p);
        return p;
}

struct page *page_free(struct page *p)
{
        if (!p)
                return NULL;
        if (p->yajl)
                yajl_free(p->yajl);
        squeeze_free(p->squeeze);
        free(p);
        return NULL;
}

void page_reset(struct page *p)
{
        yajl_alloc_funcs memory = { page_malloc, page_realloc, page_dealloc, NULL };

        if (p->yajl)
                yajl_free(p->yajl);
        p->yajl = yajl_alloc(&page_callbacks, &memory, p);
        yajl_config(p->yajl, yajl_dont_validate_strings, 1);
        squeeze_reset(p->squeeze);
        shape_init(&p->shape, p->shape.kind);
        p->rc = 0;
        p->err = (struct err){ 0 };
        p->closed = p->in_record = p->partial = false;
}

static int page_say(struct page *p, struct err *e)
{
        if (p->rc < 0 && e)
                *e = p->err;
        return p->rc;
}

/* What the squeeze returned: what page_chunk() told it, or its own refusal. */
static void page_squeezed(struct page *p, int r)
{
        if (r != 0 && p->rc == 0) {
                err_wrap(&p->err, "%s is not JSON", shape_name(&p->shape));
                p->rc = r;
        }
}

int page_feed(struct page *p, const char *bytes, size_t n, struct err *e)
{
        if (p->rc == 0)
                page_squeezed(p, squeeze_feed(p->squeeze, bytes, n, &p->err));
        return page_say(p, e);
}

/* The shortest end of the token that the text's end has cut. yajl has seen that it is the start of
 * one, and words and numbers are told apart by their last bytes. */
static const char *page_rest(const struct page *p)
{
        static const char *const words[] = { "true", "false", "null" };
        unsigned open = squeeze_open(p->squeeze);
        const char *end = p->tail + TAIL;

        if (open & SQUEEZE_STRING)
                return "\"";
        if (!(open & SQUEEZE_SCALAR))
                return " ";
        for (size_t i = 0; i < ELEMENTS(words); i++)
                for (size_t n = strlen(words[i]); n > 0; n--)
                        if (memcmp(end - n, words[i], n) == 0)
                                return n < strlen(words[i]) ? words[i] + n : " ";
        return end[-1] >= '0' && end[-1] <= '9' ? " " : "0 ";
}

/* The text has ended without closing its value. yajl looks at a token's place only when it has all
 * of it: it gets an end of it, to say whether the cut text was good so far. */
static int page_finish(struct page *p)
{
        const char *rest = page_rest(p);
        yajl_status status;

        p->partial = true;
        status = yajl_parse(p->yajl, (const unsigned char *)rest, strlen(rest));
        if (p->rc != 0)
                return p->rc;
        return status == yajl_status_ok ? PAGE_CUT : page_refuse_json(p);
}

int page_end(struct page *p, struct page_result *ret, struct err *e)
{
        if (p->rc == 0)
                page_squeezed(p, squeeze_end(p->squeeze, &p->err));
        if (p->rc == 0 && !p->closed)
                p->rc = page_finish(p);
        if (p->rc == 0)
                *ret = p->shape.result;
        return page_say(p, e);
}
