#include "ctl/leaf_key.h"
#include "base/json.h"

#include <string.h>

/* A string from its opening quote on, without escapes: the byte past it; NULL if it has some. */
static const char *plain_string(const char *p, const char *end)
{
        const char *quote = memchr(p + 1, '"', (size_t)(end - p - 1));

        return quote && !memchr(p, '\\', (size_t)(quote - p)) ? quote + 1 : NULL;
}

/* Nearly all lines begin with their id, or have it behind other short members: then there is no need
 * to read on. */
static bool quick(const char *p, const char *end, const char *name, struct leaf_key *ret)
{
        size_t n = strlen(name);

        if (p == end || *p++ != '{')
                return false;
        for (;;) {
                const char *key = p, *past;

                if (p == end || *p != '"' || !(p = plain_string(p, end)))
                        return false;
                past = p;
                if (p == end || *p++ != ':' || p == end || *p == '{' || *p == '[')
                        return false;
                if ((size_t)(past - key) == n + 2 && memcmp(key + 1, name, n) == 0) {
                        if (*p != '"' || !(past = plain_string(p, end)))
                                return false;
                        *ret = (struct leaf_key){ p + 1, (size_t)(past - p) - 2 };
                        return true;
                }
                if (*p == '"')
                        p = plain_string(p, end);
                else
                        p = memchr(p, ',', (size_t)(end - p));
                if (!p || p == end || *p++ != ',')
                        return false;
        }
}

/* Where it is not that easy, as slow as it takes. */
static bool whole(const char *line, size_t n, const char *name, struct buf *scratch,
                  struct leaf_key *ret)
{
        struct json v, key, value;
        size_t at = 0;

        if (json_parse(line, n, &v) < 0 || v.type != JSON_OBJECT)
                return false;
        while (json_next(&v, &at, &key, &value))
                if (json_equals(&key, name)) {
                        buf_clear(scratch);
                        if (value.n > 4096 || json_string(&value, scratch) < 0)
                                return false;
                        *ret = (struct leaf_key){ buf_str(scratch), scratch->n };
                        return true;
                }
        return false;
}

bool leaf_key(enum stream stream, const char *line, size_t n, struct buf *scratch,
              struct leaf_key *ret)
{
        const char *name = stream == STREAM_MESSAGES ? "completion_id" : "id";

        return quick(line, line + n, name, ret) || whole(line, n, name, scratch, ret);
}
