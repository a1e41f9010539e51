/* A configuration file of any bytes: it is refused with a line that names file and cause, or every
 * value is within the bounds that chatarchived.conf(5) states. */
#include "fuzz.h"

#include "base/buf.h"
#include "run/config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_MAX 65536

static void check(const struct config *c)
{
        REQUIRE(c->base_url && c->base_url[0] && c->directory && c->directory[0] == '/');
        REQUIRE(!c->key_file || c->key_file[0] == '/');
        REQUIRE(!c->ca_file || c->ca_file[0] == '/');
        REQUIRE(!c->text_file || c->text_file[0] == '/');
        REQUIRE(strncmp(c->base_url, "https://", 8) == 0 ||
                strncmp(c->base_url, "http://", 7) == 0);
        REQUIRE(c->page_size >= 1 && c->page_size <= 100);
        REQUIRE(c->max_concurrent >= 1 && c->requests_per_minute >= 1);
        REQUIRE(c->interval > 0 && c->full_interval > 0 && c->overlap >= 0);
        REQUIRE(c->frame_size > 0 && c->segment_size >= c->frame_size && c->segment_age > 0);
        REQUIRE(c->metadata && c->warnings);
        for (size_t i = 0; i < c->n_metadata; i++)
                REQUIRE(strchr(c->metadata[i], '='));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static char path[64];
        static int fd = -1;
        struct config_from from = { .file = path };
        struct config config = { 0 };
        struct err e = { 0 };
        int r;

        if (n > TEXT_MAX)
                return 0;
        if (fd < 0) {
                fd = memfd_create("conf", 0);
                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        }
        REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n);
        r = config_load(&from, &config, &e);
        if (r == 0)
                check(&config);
        else
                REQUIRE(e.kind == ERR_CONFIG && strstr(e.text, "/proc/self/fd/"));
        config_done(&config);
        return 0;
}
