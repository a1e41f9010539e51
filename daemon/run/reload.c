#include "run/reload.h"
#include "base/mem.h"
#include "run/config_key.h"

#include <string.h>

static bool is_light(const struct config_key *k)
{
        static const char *const names[] = { "Interval", "FullInterval", "TextFile" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcmp(k->name, names[i]) == 0)
                        return true;
        return false;
}

static enum reload_found compare(const struct config *a, const struct config *b)
{
        enum reload_found found = RELOAD_SAME;
        const struct config_key *keys;
        size_t n;

        keys = config_keys(&n);
        for (size_t i = 0; i < n; i++) {
                /* What it names is read either way. */
                if (strcmp(keys[i].name, "KeyFile") == 0 || config_key_same(&keys[i], a, b))
                        continue;
                if (!is_light(&keys[i]))
                        return RELOAD_DEEP;
                found = RELOAD_LIGHT;
        }
        return found;
}

int reload_read(const struct config_from *from, const struct config *config, const char *key,
                enum key_source source, struct config *ret, char **ret_key,
                enum reload_found *ret_found, struct err *e)
{
        struct config fresh = { 0 };
        char *fresh_key = NULL;

        if (config_load(from, &fresh, e) < 0)
                return -1;
        if (strcmp(fresh.directory, config->directory) != 0) {
                config_done(&fresh);
                return err_set(e, ERR_CONFIG,
                               "Directory= cannot change while the daemon runs: restart it");
        }
        if ((source != KEY_ENVIRONMENT || fresh.key_file) &&
            key_read(fresh.key_file, &fresh_key, NULL, e) < 0) {
                config_done(&fresh);
                return -1;
        }
        *ret_found = compare(config, &fresh);
        if (fresh_key && strcmp(fresh_key, key) != 0)
                *ret_found = RELOAD_DEEP;
        *ret = fresh;
        *ret_key = fresh_key;
        return 0;
}

void reload_light(struct config *config, struct config *from)
{
        char *text_file = config->text_file;

        config->interval = from->interval;
        config->full_interval = from->full_interval;
        config->text_file = from->text_file;
        from->text_file = text_file;
}
