#include "run/config.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/config_file.h"
#include "run/config_key.h"
#include "store/pack.h"
#include "wire/http.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_TEXT_MAX ((size_t)65536) /* bytes that may stand before its first certificate */

/* A configuration while it is read: with where each value came from, for what can only be judged
 * when all is there. */
struct load {
        struct config *c;
        const struct config_key *keys;
        size_t n_keys;
        char **origin;    /* of each key: "FILE:LINE"; NULL: the default */
        const char *path; /* of the file being read */
        size_t n_lost;    /* warnings past the most that are kept */
};

static void load_warn(struct load *l, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void load_warn(struct load *l, unsigned line, const char *format, ...)
{
        struct config *c = l->c;
        struct err text;
        va_list ap;

        if (c->n_warnings == CONFIG_WARNINGS_MAX) {
                l->n_lost++;
                return;
        }
        va_start(ap, format);
        vsnprintf(text.text, sizeof(text.text), format, ap);
        va_end(ap);
        err_wrap(&text, "%s:%u", l->path, line);
        c->warnings[c->n_warnings++] = mem_strdup(text.text);
}

static const struct config_key *load_find(const struct load *l, const char *section,
                                          const char *name)
{
        for (size_t i = 0; i < l->n_keys; i++) {
                if (strcmp(l->keys[i].name, name) == 0 &&
                    (!section || strcmp(l->keys[i].section, section) == 0))
                        return &l->keys[i];
        }
        return NULL;
}

static bool load_knows_section(const struct load *l, const char *section)
{
        for (size_t i = 0; i < l->n_keys; i++) {
                if (strcmp(l->keys[i].section, section) == 0)
                        return true;
        }
        return false;
}

static void load_warn_key(struct load *l, unsigned line, const char *section, const char *name)
{
        const struct config_key *other = load_find(l, NULL, name);

        for (size_t i = 0; !other && i < l->n_keys; i++) {
                if (strcasecmp(l->keys[i].name, name) == 0)
                        other = &l->keys[i];
        }
        if (other)
                load_warn(l, line, "%s= is ignored here; it is %s= in section [%s]", name,
                          other->name, other->section);
        else if (*section)
                load_warn(l, line, "unknown key %s= in section [%s], ignored", name, section);
        else
                load_warn(l, line, "unknown key %s= before any section, ignored", name);
}

static int load_set(struct load *l, const struct config_key *k, const char *value,
                    const char *origin, struct err *e)
{
        char **slot = &l->origin[k - l->keys];

        if (config_key_set(k, value, l->c, e) < 0)
                return -1;
        free(*slot);
        *slot = *value ? mem_strdup(origin) : NULL;
        return 0;
}

static int load_line(void *ctx, unsigned line, const char *section, const char *key,
                     const char *value, struct err *e)
{
        struct load *l = ctx;
        _cleanup_buf_ struct buf origin = BUF_INIT;
        const struct config_key *k;

        if (!key) {
                if (!load_knows_section(l, section))
                        load_warn(l, line, "unknown section [%s], ignored", section);
                return 0;
        }
        k = load_find(l, section, key);
        if (!k) {
                if (!*section || load_knows_section(l, section))
                        load_warn_key(l, line, section, key);
                return 0;
        }
        buf_printf(&origin, "%s:%u", l->path, line);
        return load_set(l, k, value, buf_str(&origin), e);
}

static int load_file(struct load *l, const char *path, bool may_be_missing, struct err *e)
{
        l->path = path;
        if (config_file_read(path, load_line, l, e) == 0)
                return 0;
        return may_be_missing && (e->errnum == ENOENT || e->errnum == ENOTDIR) ? 0 : -1;
}

static int is_dropin(const struct dirent *d)
{
        size_t n = strlen(d->d_name);

        return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_dropins(struct load *l, const char *file, struct err *e)
{
        _cleanup_buf_ struct buf dir = BUF_INIT;
        struct dirent **list = NULL;
        int n, r = 0;

        buf_printf(&dir, "%s.d", file);
        n = scandir(buf_str(&dir), &list, is_dropin, by_name);
        if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        if (n < 0) {
                err_sys(e, errno, "cannot list %s", buf_str(&dir));
                e->kind = ERR_CONFIG;
                return -1;
        }

        for (int i = 0; i < n; i++) {
                _cleanup_buf_ struct buf path = BUF_INIT;

                buf_printf(&path, "%s/%s", buf_str(&dir), list[i]->d_name);
                if (r == 0)
                        r = load_file(l, buf_str(&path), false, e);
                free(list[i]);
        }
        free(list);
        return r;
}

static int load_outside(struct load *l, const char *name, const char *value, const char *origin,
                        struct err *e)
{
        if (!value || !*value)
                return 0;
        if (load_set(l, load_find(l, NULL, name), value, origin, e) < 0)
                return err_wrap(e, "%s", origin);
        return 0;
}

static int load_directory(struct load *l, const char *directory, struct err *e)
{
        _cleanup_buf_ struct buf path = BUF_INIT;
        _cleanup_free_ char *cwd = NULL;

        if (!directory || *directory == '/')
                return load_outside(l, "Directory", directory, "--directory", e);
        cwd = getcwd(NULL, 0);
        if (!cwd) {
                err_sys(e, errno, "--directory: cannot ask for the working directory");
                e->kind = ERR_CONFIG;
                return -1;
        }
        buf_printf(&path, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, directory);
        return load_outside(l, "Directory", buf_str(&path), "--directory", e);
}

static int load_all(struct load *l, const struct config_from *from, struct err *e)
{
        const char *file = from->file ? from->file : CONFIG_FILE;

        for (size_t i = 0; i < l->n_keys; i++) {
                if (config_key_set(&l->keys[i], "", l->c, e) < 0)
                        return -1;
        }
        if (load_file(l, file, !from->file, e) < 0 || load_dropins(l, file, e) < 0)
                return -1;
        if (load_outside(l, "BaseURL", getenv("OPENAI_BASE_URL"), "$OPENAI_BASE_URL", e) < 0 ||
            load_outside(l, "Organization", getenv("OPENAI_ORG_ID"), "$OPENAI_ORG_ID", e) < 0 ||
            load_outside(l, "Project", getenv("OPENAI_PROJECT_ID"), "$OPENAI_PROJECT_ID", e) < 0)
                return -1;
        if (load_outside(l, "BaseURL", from->base_url, "--base-url", e) < 0)
                return -1;
        return load_directory(l, from->directory, e);
}

/* Puts in front of *e where the key's value came from; of the second one if the first is at its
 * default. */
static int load_blame(const struct load *l, const char *name, const char *second, struct err *e)
{
        const char *origin = l->origin[load_find(l, NULL, name) - l->keys];

        if (!origin && second)
                origin = l->origin[load_find(l, NULL, second) - l->keys];
        return origin ? err_wrap(e, "%s", origin) : -1;
}

/* A line "-----BEGIN CERTIFICATE-----" near its start; there may be the same as text before it. */
static bool holds_certificate(int fd)
{
        char *text = mem_new(CA_TEXT_MAX + 1);
        ssize_t n = pread(fd, text, CA_TEXT_MAX, 0);
        bool found = n > 0 && memmem(text, (size_t)n, "-----BEGIN ", 11);

        free(text);
        return found;
}

static int check_ca_file(const struct config *c, struct err *e)
{
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (!c->ca_file)
                return 0;
        fd = open(c->ca_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                err_sys(e, errno, "CAFile= cannot be read");
        else if (!S_ISREG(st.st_mode))
                err_set(e, ERR_CONFIG, "CAFile= is no regular file");
        else if (!holds_certificate(fd))
                err_set(e, ERR_CONFIG, "CAFile= holds no certificate in PEM form");
        else
                return 0;
        e->kind = ERR_CONFIG;
        return -1;
}

static int check_level(const struct config *c, struct err *e)
{
        int max = 1;

        if (c->compression == PACKING_NONE ||
            pack_level_check(c->compression, (int)c->compression_level) == 0)
                return 0;
        while (pack_level_check(c->compression, max + 1) == 0)
                max++;
        return err_set(e, ERR_CONFIG, "CompressionLevel= of %s must be from 1 to %d",
                       packing_name(c->compression), max);
}

/* What depends on more than one key, or only on the value that won. */
static int load_check(struct load *l, struct err *e)
{
        const struct config *c = l->c;
        char low[TEXT_SIZE_MAX], high[TEXT_SIZE_MAX];

        if (http_check_url(c->base_url, c->allow_http, e) < 0) {
                err_wrap(e, "BaseURL=");
                return load_blame(l, "BaseURL", NULL, e);
        }
        if (check_ca_file(c, e) < 0)
                return load_blame(l, "CAFile", NULL, e);
        if (check_level(c, e) < 0)
                return load_blame(l, "CompressionLevel", "Compression", e);
        if (c->segment_size < c->frame_size) {
                err_set(e, ERR_CONFIG,
                        "SegmentSize= (%s) must not be less than FrameSize= (%s): a segment holds "
                        "whole frames",
                        text_from_size(c->segment_size, low), text_from_size(c->frame_size, high));
                return load_blame(l, "SegmentSize", "FrameSize", e);
        }
        return 0;
}

int config_load(const struct config_from *from, struct config *ret, struct err *e)
{
        struct config c = { 0 };
        struct load l = { .c = &c };
        struct err own;
        int r;

        e = e ? e : &own;
        l.keys = config_keys(&l.n_keys);
        l.origin = mem_new(l.n_keys * sizeof(*l.origin));
        c.warnings = mem_new((CONFIG_WARNINGS_MAX + 2) * sizeof(*c.warnings));

        r = load_all(&l, from, e);
        if (r == 0)
                r = load_check(&l, e);
        if (l.n_lost > 0) {
                _cleanup_buf_ struct buf more = BUF_INIT;

                buf_printf(&more, "%zu more such lines in the configuration", l.n_lost);
                c.warnings[c.n_warnings++] = mem_strdup(buf_str(&more));
        }
        for (size_t i = 0; i < l.n_keys; i++)
                free(l.origin[i]);
        free(l.origin);
        if (r < 0) {
                config_done(&c);
                return -1;
        }
        *ret = c;
        return 0;
}

void config_done(struct config *c)
{
        const struct config_key *keys;
        size_t n;

        keys = config_keys(&n);
        for (size_t i = 0; i < n; i++)
                config_key_clear(&keys[i], c);
        for (size_t i = 0; i < c->n_warnings; i++)
                free(c->warnings[i]);
        free(c->warnings);
        *c = (struct config){ 0 };
}
