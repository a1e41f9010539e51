#include "run/config_key.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/config.h"

#include <string.h>
#include <strings.h>

#define KIB ((int64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* Sums of a few such spans and the time must not overflow. */
#define SPAN_MAX (36500 * USEC_PER_DAY)

#define AT(field) offsetof(struct config, field)

static const struct config_key keys[] = {
        { "API", "BaseURL", CONFIG_URL, "https://api.openai.com/v1", AT(base_url), 0, 0 },
        { "API", "AuthHeader", CONFIG_AUTH, "bearer", AT(auth_header), 0, 0 },
        { "API", "KeyFile", CONFIG_PATH, "", AT(key_file), 0, 0 },
        { "API", "Organization", CONFIG_TOKEN, "", AT(organization), 0, 0 },
        { "API", "Project", CONFIG_TOKEN, "", AT(project), 0, 0 },
        { "API", "ExtraQuery", CONFIG_QUERY, "", AT(extra_query), 0, 0 },
        { "API", "CAFile", CONFIG_PATH, "", AT(ca_file), 0, 0 },
        { "API", "Proxy", CONFIG_PROXY, "", AT(proxy), 0, 0 },
        { "API", "AllowHTTP", CONFIG_BOOL, "no", AT(allow_http), 0, 0 },

        { "Walk", "Interval", CONFIG_SPAN, "5min", AT(interval), USEC_PER_SEC, SPAN_MAX },
        { "Walk", "FullInterval", CONFIG_SPAN, "1d", AT(full_interval), USEC_PER_SEC, SPAN_MAX },
        { "Walk", "Overlap", CONFIG_SPAN, "1h", AT(overlap), 0, SPAN_MAX },
        { "Walk", "PageSize", CONFIG_NUMBER, "100", AT(page_size), 1, 100 },
        { "Walk", "Model", CONFIG_TEXT, "", AT(model), 0, 0 },
        { "Walk", "Metadata", CONFIG_PAIRS, "", AT(metadata), 0, 0 },
        { "Walk", "Messages", CONFIG_BOOL, "yes", AT(messages), 0, 0 },
        { "Walk", "MaxConcurrent", CONFIG_NUMBER, "8", AT(max_concurrent), 1, 1000 },
        { "Walk", "RequestsPerMinute", CONFIG_NUMBER, "3000", AT(requests_per_minute), 1, 1000000 },

        { "Archive", "Directory", CONFIG_PATH, LOCALSTATEDIR "/lib/chatarchived", AT(directory), 0,
          0 },
        { "Archive", "Compression", CONFIG_PACKING, "zstd", AT(compression), 0, 0 },
        { "Archive", "CompressionLevel", CONFIG_NUMBER, "3", AT(compression_level), 1, 22 },
        { "Archive", "FrameSize", CONFIG_SIZE, "4M", AT(frame_size), 64 * KIB, GIB },
        { "Archive", "SegmentSize", CONFIG_SIZE, "256M", AT(segment_size), 64 * KIB, 1024 * GIB },
        { "Archive", "SegmentAge", CONFIG_SPAN, "1d", AT(segment_age), USEC_PER_SEC, SPAN_MAX },
        { "Archive", "MinFree", CONFIG_SIZE, "64M", AT(min_free), 0, 1024 * GIB },

        { "Metrics", "TextFile", CONFIG_PATH, "", AT(text_file), 0, 0 },
};

const struct config_key *config_keys(size_t *ret_n)
{
        *ret_n = ELEMENTS(keys);
        return keys;
}

static int wrong(const struct config_key *k, struct err *e, const char *problem)
{
        return err_set(e, ERR_CONFIG, "%s= %s", k->name, problem);
}

static bool holds_text(enum config_type type)
{
        return type <= CONFIG_QUERY;
}

void config_key_clear(const struct config_key *k, struct config *c)
{
        void *at = (char *)c + k->offset;

        if (holds_text(k->type)) {
                free(*(char **)at);
                *(char **)at = NULL;
        } else if (k->type == CONFIG_PAIRS) {
                char **list = *(char ***)at;

                for (char **p = list; p && *p; p++)
                        free(*p);
                free(list);
                *(char ***)at = NULL;
        }
}

/* Every byte printable ASCII, and none of `but`? */
static bool plain(const char *s, const char *but)
{
        for (; *s; s++) {
                if (*s <= ' ' || *s > '~' || strchr(but, *s))
                        return false;
        }
        return true;
}

static bool clean(const char *s)
{
        size_t n = strlen(s), len;

        for (; n > 0; s += len, n -= len) {
                unsigned char c = (unsigned char)*s;

                len = text_utf8(s, n);
                if (len == 0 || c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)s[1] < 0xa0))
                        return false;
        }
        return true;
}

static bool is_proxy(const char *s)
{
        static const char *const schemes[] = {
                "http", "https", "socks4", "socks4a", "socks5", "socks5h",
        };
        const char *sep = strstr(s, "://"), *host = sep ? sep + 3 : s;
        bool known = !sep;

        for (size_t i = 0; sep && i < ELEMENTS(schemes); i++) {
                if (strlen(schemes[i]) == (size_t)(sep - s) &&
                    strncasecmp(s, schemes[i], (size_t)(sep - s)) == 0)
                        known = true;
        }
        return known && plain(s, "?#\"\\") && *host && !strchr("/:@", *host);
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(char *const *a, char *const *b)
{
        for (; *a && *b && strcmp(*a, *b) == 0; a++)
                b++;
        return !*a && !*b;
}

bool config_key_same(const struct config_key *k, const struct config *a, const struct config *b)
{
        const void *x = (const char *)a + k->offset, *y = (const char *)b + k->offset;

        if (holds_text(k->type))
                return same_text(*(char *const *)x, *(char *const *)y);
        switch (k->type) {
        case CONFIG_PAIRS:
                return same_list(*(char **const *)x, *(char **const *)y);
        case CONFIG_BOOL:
                return *(const bool *)x == *(const bool *)y;
        case CONFIG_NUMBER:
                return *(const unsigned *)x == *(const unsigned *)y;
        case CONFIG_AUTH:
                return *(const enum api_auth *)x == *(const enum api_auth *)y;
        case CONFIG_PACKING:
                return *(const enum packing *)x == *(const enum packing *)y;
        default: /* spans and sizes */
                return *(const uint64_t *)x == *(const uint64_t *)y;
        }
}

static bool is_pair(const char *s)
{
        const char *eq = strchr(s, '=');

        return eq && eq > s && eq[-1] != ' ' && eq[-1] != '\t' && eq[1] != ' ' && eq[1] != '\t' &&
               clean(s);
}

static const char *text_problem(enum config_type type, const char *value)
{
        switch (type) {
        case CONFIG_URL:
        case CONFIG_TOKEN:
                return plain(value, "") ? NULL : "must be printable ASCII without white space";
        case CONFIG_PROXY:
                return is_proxy(value)
                               ? NULL
                               : "is no proxy; right is http://HOST:PORT, or https, socks4, "
                                 "socks4a, socks5, socks5h in its place";
        case CONFIG_TEXT:
                return clean(value) ? NULL : "must be UTF-8 without control characters";
        case CONFIG_PATH:
                if (!clean(value))
                        return "must be UTF-8 without control characters";
                return *value == '/' ? NULL : "must be an absolute path, one that begins with /";
        case CONFIG_QUERY:
                return plain(value, "#?") && *value != '&'
                               ? NULL
                               : "is no query; right is NAME=VALUE&NAME=VALUE, percent-encoded, "
                                 "without a ? in front";
        default:
                return NULL;
        }
}

static int set_pair(const struct config_key *k, const char *value, struct config *c, struct err *e)
{
        if (!is_pair(value))
                return wrong(k, e, "is no KEY=VALUE, without white space around the second = sign");
        if (c->n_metadata == CONFIG_METADATA_MAX)
                return err_set(e, ERR_CONFIG, "%s= comes more than %d times; a record has no more",
                               k->name, CONFIG_METADATA_MAX);

        c->metadata[c->n_metadata++] = mem_strdup(value);
        c->metadata[c->n_metadata] = NULL;
        return 0;
}

static int set_number(const struct config_key *k, const char *value, void *at, struct err *e)
{
        int64_t n;

        if (text_int64(value, strlen(value), &n) < 0 || n < k->min || n > k->max)
                return err_set(e, ERR_CONFIG, "%s= must be a whole number from %lld to %lld",
                               k->name, (long long)k->min, (long long)k->max);
        *(unsigned *)at = (unsigned)n;
        return 0;
}

static int set_span(const struct config_key *k, const char *value, void *at, struct err *e)
{
        char low[TEXT_SPAN_MAX], high[TEXT_SPAN_MAX];
        usec_t t;

        if (text_span(value, &t) < 0)
                return wrong(k, e, "is no time span; right are 5min, 1h 30min, 90 (seconds), 2d");
        if (t < k->min || t > k->max)
                return err_set(e, ERR_CONFIG, "%s= must be from %s to %s", k->name,
                               text_from_span(k->min, low), text_from_span(k->max, high));
        *(usec_t *)at = t;
        return 0;
}

static int set_size(const struct config_key *k, const char *value, void *at, struct err *e)
{
        char low[TEXT_SIZE_MAX], high[TEXT_SIZE_MAX];
        uint64_t n;

        if (text_size(value, &n) < 0)
                return wrong(k, e, "is no size; right are 64K, 256M, 1.5G, 65536 (bytes)");
        if (n < (uint64_t)k->min || n > (uint64_t)k->max)
                return err_set(e, ERR_CONFIG, "%s= must be from %s to %s", k->name,
                               text_from_size((uint64_t)k->min, low),
                               text_from_size((uint64_t)k->max, high));
        *(uint64_t *)at = n;
        return 0;
}

static int set_value(const struct config_key *k, const char *value, struct config *c, struct err *e)
{
        void *at = (char *)c + k->offset;
        const char *problem;

        switch (k->type) {
        case CONFIG_PAIRS:
                return set_pair(k, value, c, e);
        case CONFIG_NUMBER:
                return set_number(k, value, at, e);
        case CONFIG_SPAN:
                return set_span(k, value, at, e);
        case CONFIG_SIZE:
                return set_size(k, value, at, e);
        case CONFIG_BOOL:
                if (text_bool(value, at) < 0)
                        return wrong(k, e, "must be yes or no");
                return 0;
        case CONFIG_AUTH:
                if (strcmp(value, "bearer") != 0 && strcmp(value, "api-key") != 0)
                        return wrong(k, e, "must be bearer or api-key");
                *(enum api_auth *)at = *value == 'b' ? API_BEARER : API_KEY_HEADER;
                return 0;
        case CONFIG_PACKING:
                if (packing_parse(value, at) < 0)
                        return wrong(k, e, "must be zstd, gzip, xz, lz4 or none");
                return 0;
        default:
                problem = text_problem(k->type, value);
                if (problem)
                        return wrong(k, e, problem);
                free(*(char **)at);
                *(char **)at = mem_strdup(value);
                return 0;
        }
}

int config_key_set(const struct config_key *k, const char *value, struct config *c, struct err *e)
{
        /* Nothing here is unquoted, and no right value begins so. */
        if (*value == '"' || *value == '\'')
                return wrong(k, e, "is in quotes, and values here have none: take them away");
        if (*value)
                return set_value(k, value, c, e);

        config_key_clear(k, c);
        if (k->type == CONFIG_PAIRS) {
                c->metadata = mem_new((CONFIG_METADATA_MAX + 1) * sizeof(*c->metadata));
                c->n_metadata = 0;
        }
        return *k->standard ? set_value(k, k->standard, c, e) : 0;
}
