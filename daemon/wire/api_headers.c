#include "wire/api_headers.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct api_headers *h, const char *name, const char *value)
{
        size_t i = 0;

        while (h->fields[i])
                i++;
        assert(i < API_HEADERS_MAX);
        if (asprintf(&h->fields[i], "%s%s", name, value) < 0)
                abort();
}

void api_headers_init(struct api_headers *h, const struct api_config *config)
{
        memset(h, 0, sizeof(*h));
        add(h, "Accept: ", "application/json");
        add(h, config->auth == API_BEARER ? "Authorization: Bearer " : "api-key: ", config->key);
        if (config->organization && *config->organization)
                add(h, "OpenAI-Organization: ", config->organization);
        if (config->project && *config->project)
                add(h, "OpenAI-Project: ", config->project);
}

void api_headers_done(struct api_headers *h)
{
        for (size_t i = 0; h->fields[i]; i++)
                mem_free_secret(h->fields[i]);
}
