/* A default stands in one place: what ships beside the code is compared with it. */
#include "tap.h"
#include "base/mem.h"
#include "run/config.h"
#include "run/config_key.h"

#include <unistd.h>

static FILE *shipped(const char *name)
{
        const char *srcdir = getenv("srcdir");
        char path[4096];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
        f = fopen(path, "r");
        if (!f)
                abort();
        return f;
}

/* What ships names /var; a build with another prefix has another default. */
static bool same_value(const char *told, const char *standard)
{
        if (strcmp(told, standard) == 0)
                return true;
        return strncmp(told, "/var/", 5) == 0 &&
               strncmp(standard, LOCALSTATEDIR, strlen(LOCALSTATEDIR)) == 0 &&
               strcmp(told + 4, standard + strlen(LOCALSTATEDIR)) == 0;
}

static char *chomp(char *line)
{
        line[strcspn(line, "\n")] = '\0';
        return line;
}

static void table(void)
{
        const struct config_key *keys;
        size_t n;

        keys = config_keys(&n);
        CHECK(n == 26);
        for (size_t i = 0; i < n; i++) {
                for (size_t k = 0; k < i; k++) {
                        CHECK(strcmp(keys[i].name, keys[k].name) != 0);
                        CHECK(keys[i].offset != keys[k].offset);
                }
                CHECK(strspn(keys[i].name,
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
                      strlen(keys[i].name));
        }
}

static void file(void)
{
        FILE *f = shipped("etc/chatarchived.conf");
        char line[512], section[32] = "";
        const struct config_key *keys;
        size_t n, k = 0;
        bool told = false; /* a comment stood above */

        keys = config_keys(&n);
        while (fgets(line, sizeof(line), f)) {
                char *eq = strchr(chomp(line), '=');

                CHECK(strlen(line) <= 100);
                if (line[0] == '[') {
                        snprintf(section, sizeof(section), "%.*s", (int)strcspn(line + 1, "]"),
                                 line + 1);
                } else if (line[0] == '#' && line[1] == ' ') {
                        told = true;
                } else if (line[0]) {
                        if (!CHECK(line[0] == '#' && eq && k < n && told))
                                break;
                        *eq = '\0';
                        if (!CHECK(strcmp(line + 1, keys[k].name) == 0 &&
                                   strcmp(section, keys[k].section) == 0 &&
                                   same_value(eq + 1, keys[k].standard)))
                                printf("# %s=%s\n", line + 1, eq + 1);
                        k++;
                }
        }
        CHECK(k == n);
        fclose(f);
}

/* The page's items: `.It Ic KEY Ns = …` … `Default:` and `.Ql VALUE .`, or `Default: none.` */
static void page(void)
{
        FILE *f = shipped("etc/chatarchived.conf.5");
        char line[512], section[32] = "", key[64] = "", value[256];
        const struct config_key *keys;
        bool next = false;
        size_t n, k = 0;

        keys = config_keys(&n);
        while (fgets(line, sizeof(line), f)) {
                bool none = strcmp(chomp(line), "Default: none.") == 0;

                if (sscanf(line, ".Sh THE SECTION %31s", section) == 1)
                        continue;
                if (strncmp(line, ".It Ic ", 7) == 0) {
                        CHECK(!*key); /* the one before had its default */
                        snprintf(key, sizeof(key), "%.*s", (int)strcspn(line + 7, " "), line + 7);
                }
                if (next || none) {
                        value[0] = '\0';
                        CHECK(none || sscanf(line, ".Ql %255s .", value) == 1);
                        if (!CHECK(k < n && strcmp(key, keys[k].name) == 0 &&
                                   strcmp(section, keys[k].section) == 0 &&
                                   same_value(value, keys[k].standard)))
                                printf("# %s=%s\n", key, value);
                        k++;
                        key[0] = '\0';
                }
                next = strcmp(line, "Default:") == 0;
        }
        CHECK(k == n);
        fclose(f);
}

/* The shipped file with its keys uncommented says nothing else than an empty one. */
static void uncommented(void)
{
        char name[] = "/tmp/test-config-key.XXXXXX", line[512];
        FILE *f = shipped("etc/chatarchived.conf"), *out = fdopen(mkstemp(name), "w");
        struct config_from from = { .file = name };
        struct config c;
        struct err e;

        while (fgets(line, sizeof(line), f))
                fputs(line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z' ? line + 1 : line, out);
        fclose(f);
        fclose(out);
        if (CHECK(config_load(&from, &c, &e) == 0)) {
                CHECK(c.n_warnings == 0 && !c.model && c.n_metadata == 0 && c.page_size == 100);
                config_done(&c);
        }
        unlink(name);
}

static void values_hidden(void)
{
        const struct config_key *keys;
        size_t n;

        keys = config_keys(&n);
        for (size_t i = 0; i < n; i++) {
                struct config c = { 0 };
                struct err e = { 0 };

                if (config_key_set(&keys[i], "", &c, &e) == 0 &&
                    config_key_set(&keys[i], "\x01sk-secret", &c, &e) < 0) {
                        CHECK(strncmp(e.text, keys[i].name, strlen(keys[i].name)) == 0);
                        CHECK(!strstr(e.text, "secret") && e.kind == ERR_CONFIG);
                } else {
                        CHECK(keys[i].type == CONFIG_TEXT);
                }
                config_key_clear(&keys[i], &c);
        }
}

int main(void)
{
        unsetenv("OPENAI_BASE_URL");
        unsetenv("OPENAI_ORG_ID");
        unsetenv("OPENAI_PROJECT_ID");
        RUN(table, "no key stands in the table twice");
        RUN(file, "the shipped file has every key at its default, in the table's order");
        RUN(page, "the man page has every key with its default, in the table's order");
        RUN(uncommented, "the shipped file can be uncommented as it is");
        RUN(values_hidden, "no error shows the value, which may be a key in the wrong place");
        return tap_end();
}
