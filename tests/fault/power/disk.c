/* A disk for nbdkit that remembers in which order it was written to: whatever a computer may find
 * after a power cut can be made from that.
 *
 *   nbdkit disk.so image=FILE log=FILE
 *
 * image= holds the disk, and is as large. A request that changes it, or is a flush, goes to the end
 * of log= before it is answered: whoever sees a consequence of the answer finds the request there.
 *
 * A request in the log is 32 bytes, numbers in the machine's order: "DISK", what it is (1 write,
 * 2 zero or trim, 3 flush), offset, length, 1 if it has to be durable before it is answered, 0;
 * behind a write's, its data. */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* One after the other: the log's order is the disk's. */
#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS

enum { WRITE = 1, ZERO = 2, FLUSH = 3 };

struct entry {
        char magic[4];
        uint32_t type;
        uint64_t offset, length;
        uint32_t durable, unused;
};

static struct {
        char *image, *log;
        int fd;
        char *bytes;
        int64_t size;
} disk = { .fd = -1 };

static int disk_config(const char *key, const char *value)
{
        char **where = strcmp(key, "image") == 0 ? &disk.image
                       : strcmp(key, "log") == 0 ? &disk.log
                                                 : NULL;

        if (!where || *where) {
                nbdkit_error("image=FILE log=FILE, each once");
                return -1;
        }
        *where = nbdkit_absolute_path(value);
        return *where ? 0 : -1;
}

static int disk_get_ready(void)
{
        struct stat st;
        int fd;

        if (!disk.image || !disk.log) {
                nbdkit_error("image=FILE log=FILE, each once");
                return -1;
        }
        fd = open(disk.image, O_RDWR | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) {
                nbdkit_error("%s: %m", disk.image);
                return -1;
        }
        disk.size = st.st_size;
        disk.bytes = mmap(NULL, (size_t)disk.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (disk.bytes == MAP_FAILED) {
                nbdkit_error("%s: %m", disk.image);
                return -1;
        }
        disk.fd = open(disk.log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        if (disk.fd < 0) {
                nbdkit_error("%s: %m", disk.log);
                return -1;
        }
        return 0;
}

static void disk_unload(void)
{
        free(disk.image);
        free(disk.log);
        if (disk.fd >= 0)
                close(disk.fd);
}

static void *disk_open(int readonly)
{
        (void)readonly;
        return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t disk_get_size(void *handle)
{
        (void)handle;
        return disk.size;
}

static int disk_can_fua(void *handle)
{
        (void)handle;
        return NBDKIT_FUA_NATIVE;
}

static int disk_pread(void *handle, void *p, uint32_t n, uint64_t offset, uint32_t flags)
{
        (void)handle, (void)flags;
        memcpy(p, disk.bytes + offset, n);
        return 0;
}

/* Whole or not at all: who reads the log meanwhile may meet no half of one but at its end. */
static int put(uint32_t type, uint64_t offset, uint32_t n, const void *data, uint32_t flags)
{
        struct entry entry = { .magic = { 'D', 'I', 'S', 'K' },
                               .type = type,
                               .offset = offset,
                               .length = n,
                               .durable = (flags & NBDKIT_FLAG_FUA) != 0 };
        struct iovec iov[] = { { &entry, sizeof(entry) }, { (void *)(uintptr_t)data, n } };
        size_t all = sizeof(entry) + (data ? n : 0);

        if (writev(disk.fd, iov, data ? 2 : 1) == (ssize_t)all)
                return 0;
        nbdkit_error("%s: a request could not be written", disk.log);
        nbdkit_set_error(EIO);
        return -1;
}

static int disk_pwrite(void *handle, const void *p, uint32_t n, uint64_t offset, uint32_t flags)
{
        (void)handle;
        if (put(WRITE, offset, n, p, flags) < 0)
                return -1;
        memcpy(disk.bytes + offset, p, n);
        return 0;
}

static int disk_zero(void *handle, uint32_t n, uint64_t offset, uint32_t flags)
{
        (void)handle;
        if (put(ZERO, offset, n, NULL, flags) < 0)
                return -1;
        memset(disk.bytes + offset, 0, n);
        return 0;
}

static int disk_flush(void *handle, uint32_t flags)
{
        (void)handle, (void)flags;
        return put(FLUSH, 0, 0, NULL, 0);
}

static struct nbdkit_plugin plugin = {
        .name = "disk",
        .description = "a disk that remembers in which order it was written to",
        .config = disk_config,
        .config_help = "image=FILE  the disk\nlog=FILE    what is done to it",
        .get_ready = disk_get_ready,
        .unload = disk_unload,
        .open = disk_open,
        .get_size = disk_get_size,
        .can_fua = disk_can_fua,
        .pread = disk_pread,
        .pwrite = disk_pwrite,
        .zero = disk_zero,
        .trim = disk_zero,
        .flush = disk_flush,
};

struct nbdkit_plugin *plugin_init(void);
NBDKIT_REGISTER_PLUGIN(plugin)
