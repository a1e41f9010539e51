#include "tap.h"
#include "base/mem.h"
#include "run/key.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "sk-proj-AbC_123-secret"

static char dir[] = "/tmp/test-key.XXXXXX";
static char key_file[64], credential[64];

static void put(const char *path, const void *p, size_t n, mode_t mode)
{
        int fd;

        unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || write(fd, p, n) != (ssize_t)n || fchmod(fd, mode) < 0 || close(fd) < 0)
                abort();
}

static void nothing(void)
{
        unsetenv("OPENAI_API_KEY");
        unsetenv("CREDENTIALS_DIRECTORY");
        unlink(credential);
        unlink(key_file);
}

/* From the file that holds these bytes. */
static bool gives(const void *p, size_t n, const char *want)
{
        char *key = NULL;
        struct err e = { 0 };
        bool good;

        put(key_file, p, n, 0600);
        if (key_read(key_file, &key, NULL, &e) < 0)
                return !want && !key && e.kind == ERR_CONFIG && !strstr(e.text, "secret");
        good = want && strcmp(key, want) == 0;
        mem_free_secret(key);
        return good;
}

#define GIVES(bytes, want) CHECK(gives(bytes, sizeof(bytes) - 1, want))

static void order(void)
{
        enum key_source source;
        char *key = NULL;
        struct err e;

        nothing();
        CHECK(key_read(NULL, &key, &source, &e) == -1 && e.kind == ERR_CONFIG);
        CHECK(strstr(e.text, "credential") && strstr(e.text, "KeyFile=") &&
              strstr(e.text, "OPENAI_API_KEY"));
        setenv("OPENAI_API_KEY", "", 1);
        CHECK(key_read("", &key, &source, &e) == -1 && strstr(e.text, "no API key"));

        setenv("OPENAI_API_KEY", "three", 1);
        CHECK(key_read(NULL, &key, &source, &e) == 0 && source == KEY_ENVIRONMENT);
        CHECK(strcmp(key, "three") == 0);
        mem_free_secret(take_ptr(key));

        setenv("OPENAI_API_KEY", "three", 1);
        put(key_file, "two\n", 4, 0600);
        CHECK(key_read(key_file, &key, &source, &e) == 0 && source == KEY_FILE);
        CHECK(strcmp(key, "two") == 0 && !getenv("OPENAI_API_KEY"));
        mem_free_secret(take_ptr(key));

        setenv("OPENAI_API_KEY", "three", 1);
        setenv("CREDENTIALS_DIRECTORY", dir, 1);
        CHECK(key_read(key_file, &key, &source, &e) == 0 && source == KEY_FILE);
        mem_free_secret(take_ptr(key));
        put(credential, "one\n", 4, 0440);
        CHECK(key_read(key_file, &key, &source, &e) == 0 && source == KEY_CREDENTIAL);
        CHECK(strcmp(key, "one") == 0);
        mem_free_secret(take_ptr(key));
        put(credential, " ", 1, 0440); /* the unit's word for none */
        CHECK(key_read(key_file, &key, &source, &e) == 0 && source == KEY_FILE);
        mem_free_secret(take_ptr(key));
}

static void no_next(void)
{
        char *key = NULL;
        struct err e;

        nothing();
        setenv("OPENAI_API_KEY", "three", 1);
        CHECK(key_read(key_file, &key, NULL, &e) == -1 && strstr(e.text, key_file) && !key);
        CHECK(strstr(e.text, "does not exist"));
        setenv("OPENAI_API_KEY", "three", 1);
        put(key_file, "two", 3, 0600);
        put(credential, "\n", 1, 0600);
        setenv("CREDENTIALS_DIRECTORY", dir, 1);
        CHECK(key_read(key_file, &key, NULL, &e) == -1 && strstr(e.text, "credential") && !key);
}

static void shapes(void)
{
        nothing();
        GIVES(SECRET, SECRET);
        GIVES(SECRET "\n", SECRET);
        GIVES(SECRET "\r\n\n", SECRET);
        GIVES(" \t" SECRET " \t\n", SECRET);
        GIVES("!~", "!~");
        GIVES("", NULL);
        GIVES(" \n\t ", NULL);
        GIVES(SECRET " x", NULL);
        GIVES(SECRET "\nsecond", NULL);
        GIVES("\x01secret", NULL);
        GIVES("\x80", NULL);
        GIVES("secret\0", NULL);
        GIVES("sec\0secret", NULL);
        GIVES("secret\x1b[31m", NULL);
        GIVES("secret\x7f", NULL);
        GIVES("s\xc3\xa9"
              "cret-secret",
              NULL);
        GIVES("\xef\xbb\xbfsecret", NULL);
}

static void lengths(void)
{
        static char text[3 * KEY_MAX], want[KEY_MAX + 1];

        for (size_t n = 1; n < sizeof(text) - 8;
             n += n < KEY_MAX - 4 || n > KEY_MAX + 4 ? 997 : 1) {
                memset(text, 'k', n);
                text[n] = '\0';
                CHECK(gives(text, n, n <= KEY_MAX ? text : NULL));
        }
        memset(want, 'k', KEY_MAX);
        memset(text, '\n', sizeof(text));
        memset(text + 1000, 'k', KEY_MAX);
        CHECK(gives(text, KEY_MAX + 2000, want));
        CHECK(gives(text, sizeof(text), NULL));
}

static void modes(void)
{
        char *key = NULL, path[96];
        struct err e;

        nothing();
        for (mode_t m = 0; m <= 0777; m++) {
                bool good = (m & 077) == 0 && (m & 0400);
                int r;

                put(key_file, SECRET, strlen(SECRET), m);
                r = key_read(key_file, &key, NULL, &e);
                if (geteuid() == 0 && !(m & 0400))
                        good = (m & 077) == 0; /* root reads it anyway */
                if (!CHECK(r == (good ? 0 : -1)))
                        printf("# mode %o\n", m);
                if (r < 0)
                        CHECK(e.kind == ERR_CONFIG && !strstr(e.text, SECRET));
                mem_free_secret(take_ptr(key));
        }
        if (geteuid() == 0) {
                put(key_file, SECRET, strlen(SECRET), 0600);
                CHECK(chown(key_file, 12345, 0) == 0);
                CHECK(key_read(key_file, &key, NULL, &e) == -1 && strstr(e.text, "12345"));
        }

        CHECK(key_read(dir, &key, NULL, &e) == -1 && strstr(e.text, "regular"));
        CHECK(key_read("/dev/zero", &key, NULL, &e) == -1 && strstr(e.text, "regular"));
        snprintf(path, sizeof(path), "%s/below", key_file);
        CHECK(key_read(path, &key, NULL, &e) == -1 && e.kind == ERR_CONFIG);
        CHECK(strstr(e.text, "cannot open"));
        snprintf(path, sizeof(path), "%s/fifo", dir);
        CHECK(mkfifo(path, 0600) == 0);
        CHECK(key_read(path, &key, NULL, &e) == -1 && strstr(e.text, "regular"));
        unlink(path);
        put(key_file, SECRET, strlen(SECRET), 0600);
        snprintf(path, sizeof(path), "%s/link", dir);
        CHECK(symlink(key_file, path) == 0);
        CHECK(key_read(path, &key, NULL, &e) == 0 && strcmp(key, SECRET) == 0);
        mem_free_secret(key);
        unlink(path);
}

/* In a process of its own, whose environment the kernel set up: what /proc shows of it. */
static bool shown(const char *self)
{
        char command[PATH_MAX + 64], text[64] = "";
        FILE *f;

        snprintf(command, sizeof(command), "OPENAI_API_KEY=" SECRET " %s --child", self);
        f = popen(command, "r");
        if (!f || !fgets(text, sizeof(text), f))
                abort();
        pclose(f);
        return strcmp(text, "hidden\n") != 0;
}

static int child(void)
{
        static const char gone[sizeof("OPENAI_API_KEY=") + sizeof(SECRET) - 1] = "OPENAI_API_KEY=";
        static char text[1 << 20];
        char *key = NULL;
        struct err e;
        int fd;
        ssize_t n;

        if (key_read(NULL, &key, NULL, &e) < 0 || strcmp(key, SECRET) != 0)
                return 1;
        mem_free_secret(key);
        fd = open("/proc/self/environ", O_RDONLY);
        n = read(fd, text, sizeof(text));
        if (n <= 0 || !memmem(text, (size_t)n, "OPENAI_API_KEY=", 15))
                return 1;
        puts(memmem(text, (size_t)n, gone, sizeof(gone)) ? "hidden" : "shown");
        return getenv("OPENAI_API_KEY") ? 1 : 0;
}

static void wiped(void)
{
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (!CHECK(n > 0))
                return;
        self[n] = '\0';
        CHECK(!shown(self));
}

int main(int argc, char *argv[])
{
        if (argc > 1 && strcmp(argv[1], "--child") == 0)
                return child();
        if (!mkdtemp(dir))
                abort();
        snprintf(key_file, sizeof(key_file), "%s/key", dir);
        snprintf(credential, sizeof(credential), "%s/api-key", dir);
        RUN(order, "the credential comes first, then the file, then the environment");
        RUN(no_next, "a source that is there but unusable is an error");
        RUN(shapes, "a key is one word of printable ASCII, less the white space around it");
        RUN(lengths, "a key has at most 4,096 bytes");
        RUN(modes, "a key file must be a regular one, private to its owner");
        RUN(wiped, "the environment's key is gone from /proc once it was read");
        nothing();
        rmdir(dir);
        return tap_end();
}
