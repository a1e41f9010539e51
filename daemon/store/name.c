#include "store/name.h"

#include <stdio.h>
#include <string.h>

static const char *const streams[STREAMS] = { "completions", "messages", "changes" };

static const struct {
        const char *name, *extension;
} packings[PACKINGS] = {
        [PACKING_NONE] = { "none", "" },     [PACKING_GZIP] = { "gzip", ".gz" },
        [PACKING_XZ] = { "xz", ".xz" },      [PACKING_LZ4] = { "lz4", ".lz4" },
        [PACKING_ZSTD] = { "zstd", ".zst" },
};

const char *stream_name(enum stream s)
{
        return streams[s];
}

int stream_parse(const char *s, size_t n, enum stream *ret)
{
        for (size_t i = 0; i < STREAMS; i++) {
                if (strlen(streams[i]) == n && memcmp(streams[i], s, n) == 0) {
                        *ret = (enum stream)i;
                        return 0;
                }
        }
        return -1;
}

const char *packing_name(enum packing p)
{
        return packings[p].name;
}

const char *packing_extension(enum packing p)
{
        return packings[p].extension;
}

int packing_parse(const char *s, enum packing *ret)
{
        for (size_t i = 0; i < PACKINGS; i++) {
                if (strcmp(packings[i].name, s) == 0) {
                        *ret = (enum packing)i;
                        return 0;
                }
        }
        return -1;
}

const char *name_dir(const struct name *n, char out[static NAME_MAX_BYTES])
{
        snprintf(out, NAME_MAX_BYTES, "%s/archived=%s", streams[n->stream], n->date);
        return out;
}

const char *name_path(const struct name *n, char out[static NAME_MAX_BYTES])
{
        snprintf(out, NAME_MAX_BYTES, "%s/archived=%s/%08u.jsonl%s%s", streams[n->stream], n->date,
                 n->number, packings[n->packing].extension, n->open ? ".open" : "");
        return out;
}

int name_parse(const char *path, size_t n, struct name *ret)
{
        char text[NAME_MAX_BYTES], again[NAME_MAX_BYTES];
        struct name name = { 0 };
        char *slash, *dot;
        usec_t day;
        char noon[32];

        if (n >= sizeof(text) || memchr(path, '\0', n))
                return -1;
        memcpy(text, path, n);
        text[n] = '\0';

        slash = strchr(text, '/');
        if (!slash || stream_parse(text, (size_t)(slash - text), &name.stream) < 0)
                return -1;
        if (sscanf(slash + 1, "archived=%10[0-9-]/%8u", name.date, &name.number) != 2)
                return -1;
        snprintf(noon, sizeof(noon), "%sT12:00:00Z", name.date);
        if (clock_parse(noon, &day) < 0 || name.number == 0)
                return -1;

        dot = strstr(slash, ".jsonl");
        if (!dot)
                return -1;
        dot += strlen(".jsonl");
        n = strlen(dot);
        name.open = n >= 5 && strcmp(dot + n - 5, ".open") == 0;
        if (name.open)
                dot[n - 5] = '\0';
        for (name.packing = 0; name.packing < PACKINGS; name.packing++)
                if (strcmp(dot, packings[name.packing].extension) == 0)
                        break;
        if (name.packing == PACKINGS)
                return -1;

        /* sscanf is lenient; what it took must be what we write. */
        if (name.open)
                dot[n - 5] = '.';
        if (strcmp(name_path(&name, again), text) != 0)
                return -1;
        *ret = name;
        return 0;
}
