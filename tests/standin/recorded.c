#include "recorded.h"

#include "json.h"

#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

static void read_file(const char *path, struct buf *ret)
{
        FILE *f = fopen(path, "r");
        size_t n;

        if (!f)
                err(1, "%s", path);

        do {
                n = fread(buf_reserve(ret, 65536), 1, 65536, f);
                ret->n += n;
        } while (n > 0);
        if (ferror(f))
                err(1, "%s", path);
        fclose(f);
}

static char *copy(struct slice s)
{
        char *p = must_alloc(s.n + 1);

        if (s.n > 0)
                memcpy(p, s.p, s.n);
        return p;
}

static void add(struct recorded_item **list, size_t *n, struct slice record)
{
        struct json_member id, created;
        struct recorded_item item = { 0 };
        struct buf b = { 0 };

        if (!json_member(record, slice_of("id"), &id) || !json_decode(id.value, &b))
                goto done;
        for (size_t i = 0; i < *n; i++)
                if (slice_equal(recorded_id(&(*list)[i]), buf_as_slice(&b)))
                        goto done;

        item.id = copy(buf_as_slice(&b));
        item.n_id = b.n;
        if (json_member(record, slice_of("created"), &created))
                item.created = strtoll(created.value.p, NULL, 10);
        buf_clear(&b);
        json_compact(record, &b);
        item.text = copy(buf_as_slice(&b));
        item.n = b.n;

        *list = must_resize(*list, (*n + 1) * sizeof(**list));
        (*list)[(*n)++] = item;
done:
        buf_done(&b);
}

static void load(const char *directory, const char *pattern, struct recorded_item **list, size_t *n)
{
        struct buf path = { 0 }, body = { 0 };
        struct json_member data;
        struct slice item;
        glob_t found;

        buf_printf(&path, "%s/%s", directory, pattern);
        if (glob(path.p, 0, NULL, &found) != 0)
                found = (glob_t){ 0 };

        for (size_t i = 0; i < found.gl_pathc; i++) {
                buf_clear(&body);
                read_file(found.gl_pathv[i], &body);
                if (!json_member(buf_as_slice(&body), slice_of("data"), &data))
                        continue;
                for (size_t at = 0; json_item(data.value, &at, &item);)
                        add(list, n, item);
        }
        globfree(&found);
        buf_done(&body);
        buf_done(&path);
}

static int by_created(const void *a, const void *b)
{
        const struct recorded_item *x = a, *y = b;

        if (x->created != y->created)
                return x->created < y->created ? -1 : 1;
        return strcmp(x->id, y->id);
}

/* `{completion id}-{index}`: the completion's length in it, and the index. */
static size_t message_number(struct slice id, unsigned long *ret)
{
        size_t n = id.n;

        while (n > 0 && id.p[n - 1] >= '0' && id.p[n - 1] <= '9')
                n--;
        *ret = strtoul(id.p + n, NULL, 10);

        return n > 0 ? n - 1 : 0;
}

static int by_message(const void *a, const void *b)
{
        unsigned long i, j;
        struct slice x = recorded_id(a), y = recorded_id(b);
        int order;

        x.n = message_number(x, &i);
        y.n = message_number(y, &j);
        order = strncmp(x.p, y.p, x.n < y.n ? x.n : y.n);
        if (order == 0 && x.n != y.n)
                order = x.n < y.n ? -1 : 1;

        return order ? order : (i > j) - (i < j);
}

void recorded_load(const char *directory, struct recorded *ret)
{
        struct recorded r = { 0 };

        load(directory, "walk1-page*.json", &r.completions, &r.n_completions);
        load(directory, "list-*.json", &r.completions, &r.n_completions);
        load(directory, "messages-*.json", &r.messages, &r.n_messages);
        if (r.n_completions == 0)
                errx(1, "%s: no walk1-page*.json or list-*.json with records", directory);

        qsort(r.completions, r.n_completions, sizeof(*r.completions), by_created);
        if (r.n_messages > 0)
                qsort(r.messages, r.n_messages, sizeof(*r.messages), by_message);
        *ret = r;
}

uint32_t recorded_find(const struct recorded *r, struct slice id)
{
        for (size_t i = 0; i < r->n_completions; i++)
                if (slice_equal(recorded_id(&r->completions[i]), id))
                        return (uint32_t)i;
        return UINT32_MAX;
}

uint32_t recorded_messages(const struct recorded *r, struct slice id, size_t *ret_first)
{
        uint32_t n = 0;

        for (size_t i = 0; i < r->n_messages; i++) {
                struct slice message = recorded_id(&r->messages[i]);
                unsigned long number;

                message.n = message_number(message, &number);
                if (!slice_equal(message, id))
                        continue;
                if (n++ == 0)
                        *ret_first = i;
        }
        return n;
}
