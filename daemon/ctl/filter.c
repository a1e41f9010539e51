#include "ctl/filter.h"

#include <fnmatch.h>
#include <string.h>

#define GLOB_TEXT_MAX 4096 /* a longer name of a model is none, and fnmatch wants memory for it */

bool filter_reads(const struct filter *f)
{
        return f->model || f->n_metadata;
}

static bool matches_model(const char *pattern, const struct json *model)
{
        _cleanup_buf_ struct buf text = BUF_INIT;

        if (json_equals(model, pattern))
                return true;
        if (!strpbrk(pattern, "*?[") || model->n > GLOB_TEXT_MAX || json_string(model, &text) < 0 ||
            strlen(buf_str(&text)) != text.n)
                return false;
        return fnmatch(pattern, buf_str(&text), 0) == 0;
}

/* A key that is there several times has its last value, as everywhere. */
static bool matches_metadata(const char *pair, const struct json *metadata)
{
        _cleanup_buf_ struct buf key = BUF_INIT;
        const char *eq = strchr(pair, '=');
        struct json value;

        if (!eq)
                return false;
        buf_add(&key, pair, (size_t)(eq - pair));
        return json_member(metadata, buf_str(&key), &value) && json_equals(&value, eq + 1);
}

bool filter_matches(const struct filter *f, const struct json *completion)
{
        static const char *const keys[] = { "model", "metadata" };
        struct json v[2];

        json_members(completion, keys, 2, v);
        if (f->model && !(v[0].p && matches_model(f->model, &v[0])))
                return false;
        for (size_t i = 0; i < f->n_metadata; i++)
                if (!v[1].p || !matches_metadata(f->metadata[i], &v[1]))
                        return false;
        return true;
}
