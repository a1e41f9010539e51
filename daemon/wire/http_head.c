#include "wire/http_head.h"
#include "base/mem.h"
#include "wire/httpdate.h"

#include <string.h>
#include <strings.h>

/* The date has no text in the head; Azure's name of the request id yields to the common one. */
#define DATE  SIZE_MAX
#define OTHER (SIZE_MAX - 1)
#define CODED (SIZE_MAX - 2)

static const struct {
        const char *name;
        size_t offset;
} fields[] = {
        { "x-request-id", offsetof(struct http_head, request_id) },
        { "apim-request-id", OTHER },
        { "retry-after", offsetof(struct http_head, retry_after) },
        { "retry-after-ms", offsetof(struct http_head, retry_after_ms) },
        { "x-should-retry", offsetof(struct http_head, should_retry) },
        { "openai-project", offsetof(struct http_head, project) },
        { "location", offsetof(struct http_head, location) },
        { "x-ratelimit-remaining-requests", offsetof(struct http_head, rate_remaining) },
        { "x-ratelimit-reset-requests", offsetof(struct http_head, rate_reset) },
        { "date", DATE },
        { "content-encoding", CODED },
};

/* Printable ASCII only, less the white space around it. */
static void copy_value(const char *p, size_t n, char out[static HTTP_FIELD_MAX])
{
        size_t k = 0;

        while (n && (*p == ' ' || *p == '\t'))
                p++, n--;
        for (size_t i = 0; i < n && k < HTTP_FIELD_MAX - 1; i++)
                if (p[i] >= ' ' && p[i] <= '~')
                        out[k++] = p[i];
        while (k && out[k - 1] == ' ')
                k--;
        out[k] = '\0';
}

void http_head_line(struct http_head *head, const char *line, size_t n)
{
        const char *colon = memchr(line, ':', n);
        char value[HTTP_FIELD_MAX];
        size_t name;

        if (!colon)
                return;
        name = (size_t)(colon - line);
        for (size_t i = 0; i < ELEMENTS(fields); i++) {
                if (strlen(fields[i].name) != name || strncasecmp(line, fields[i].name, name) != 0)
                        continue;

                copy_value(colon + 1, n - name - 1, value);
                if (fields[i].offset == DATE) {
                        if (httpdate_parse(value, &head->date) < 0)
                                head->date = 0;
                } else if (fields[i].offset == CODED) {
                        head->coded = strcasecmp(value, "identity") != 0;
                } else if (fields[i].offset != OTHER) {
                        memcpy((char *)head + fields[i].offset, value, sizeof(value));
                } else if (!*head->request_id) {
                        memcpy(head->request_id, value, sizeof(value));
                }
                return;
        }
}
