#include "store/pack.h"
#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

struct pack {
        struct archive *archive; /* NULL: no compression, bytes pass through */
        pack_write_fn write;
        void *ctx;
        struct err *err; /* of the call in hand: libarchive cannot carry ours through */
        bool failed;
};

static const struct {
        int filter, min, max;
        const char *module;
} filters[PACKINGS] = {
        [PACKING_NONE] = { ARCHIVE_FILTER_NONE, 0, 0, NULL },
        [PACKING_GZIP] = { ARCHIVE_FILTER_GZIP, 1, 9, "gzip" },
        [PACKING_XZ] = { ARCHIVE_FILTER_XZ, 1, 9, "xz" },
        [PACKING_LZ4] = { ARCHIVE_FILTER_LZ4, 1, 9, "lz4" },
        [PACKING_ZSTD] = { ARCHIVE_FILTER_ZSTD, 1, 22, "zstd" },
};

int pack_level_check(enum packing packing, int level)
{
        return level == 0 || (level >= filters[packing].min && level <= filters[packing].max) ? 0
                                                                                              : -1;
}

static la_ssize_t write_cb(struct archive *archive, void *ctx, const void *bytes, size_t n)
{
        struct pack *p = ctx;

        if (n == 0)
                return 0;
        if (p->failed || p->write(p->ctx, bytes, n, p->err) < 0) {
                p->failed = true;
                archive_set_error(archive, EIO, "write failed");
                return -1;
        }
        return (la_ssize_t)n;
}

static int refused(struct pack *p, struct err *e)
{
        const char *text = archive_error_string(p->archive);

        return err_set(e, ERR_HOST, "cannot compress: %s", text ? text : "libarchive says no more");
}

static int pack_setup(struct pack *p, enum packing packing, int level, struct err *e)
{
        struct archive *a = p->archive;
        char text[16];

        if (archive_write_set_format_raw(a) != ARCHIVE_OK ||
            archive_write_add_filter(a, filters[packing].filter) != ARCHIVE_OK)
                return refused(p, e);
        /* The defaults pad every frame to 10,240 bytes, which spoils the file. */
        if (archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
            archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK)
                return refused(p, e);
        if (level) {
                snprintf(text, sizeof(text), "%d", level);
                if (archive_write_set_filter_option(a, filters[packing].module, "compression-level",
                                                    text) != ARCHIVE_OK) {
                        return err_set(e, ERR_CONFIG, "%s has no level %d", packing_name(packing),
                                       level);
                }
        }
        /* Same records, same bytes. */
        if (packing == PACKING_GZIP &&
            archive_write_set_filter_option(a, "gzip", "timestamp", NULL) != ARCHIVE_OK)
                return refused(p, e);
        return 0;
}

static int pack_begin(struct pack *p, struct err *e)
{
        struct archive_entry *entry;
        int r;

        if (archive_write_open(p->archive, p, NULL, write_cb, NULL) != ARCHIVE_OK)
                return refused(p, e);
        entry = archive_entry_new();
        if (!entry)
                abort();
        archive_entry_set_pathname(entry, "data");
        archive_entry_set_filetype(entry, AE_IFREG);
        r = archive_write_header(p->archive, entry);
        archive_entry_free(entry);
        return r == ARCHIVE_OK ? 0 : refused(p, e);
}

int pack_new(enum packing packing, int level, pack_write_fn write, void *ctx, struct pack **ret,
             struct err *e)
{
        struct pack *p = mem_new(sizeof(*p));

        p->write = write;
        p->ctx = ctx;
        p->err = e;
        if (packing != PACKING_NONE) {
                p->archive = archive_write_new();
                if (!p->archive)
                        abort();
                if (pack_setup(p, packing, level, e) < 0 || pack_begin(p, e) < 0) {
                        pack_free(p);
                        return -1;
                }
        }
        p->err = NULL;
        *ret = p;
        return 0;
}

int pack_add(struct pack *p, const void *bytes, size_t n, struct err *e)
{
        const char *at = bytes;

        if (!p->archive)
                return p->write(p->ctx, bytes, n, e);
        p->err = e;
        while (n > 0) {
                la_ssize_t k = archive_write_data(p->archive, at, n);

                if (k <= 0)
                        return p->failed ? -1 : refused(p, e);
                at += k;
                n -= (size_t)k;
        }
        p->err = NULL;
        return 0;
}

int pack_finish(struct pack *p, struct err *e)
{
        if (!p->archive)
                return 0;
        p->err = e;
        if (archive_write_close(p->archive) != ARCHIVE_OK)
                return p->failed ? -1 : refused(p, e);
        p->err = NULL;
        return p->failed ? -1 : 0;
}

struct pack *pack_free(struct pack *p)
{
        struct err ignored;

        if (!p)
                return NULL;
        if (p->archive) {
                p->failed = true; /* closing an unfinished frame would write its end */
                p->err = &ignored;
                archive_write_free(p->archive);
        }
        free(p);
        return NULL;
}
