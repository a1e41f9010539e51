#include "wire/api_ending.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The first row that fits. */
static const struct row {
        int from, to;
        enum api_outcome outcome;
        const char *what, *remedy;
} rows[] = {
        { 200, 299, API_MALFORMED, "the server answers with another status than 200", NULL },
        { 300, 399, API_DENIED, "the server redirects", "set BaseURL= to the right place" },
        { 401, 401, API_DENIED, "the server refuses the key", "check the key" },
        { 403, 403, API_DENIED, "the server forbids it",
          "check what the key and its project may read" },
        { 404, 404, API_MISSING, "the server does not know it", NULL },
        { 405, 405, API_DENIED, "the server does not take such requests", "check BaseURL=" },
        { 408, 409, API_OUTAGE, "the server asks to try again", NULL },
        { 425, 425, API_OUTAGE, "the server asks to try again", NULL },
        { 429, 429, API_LIMITED, "too many requests", NULL },
        { 400, 499, API_REFUSED, "the server refuses the request", NULL },
        { 500, 999, API_OUTAGE, "the server failed", NULL },
};

static const struct row trust = { 0, 0, API_DENIED, "the server's certificate is refused",
                                  "set CAFile= if its authority is a private one" };
static const struct row empty = { 0, 0, API_MALFORMED, "an empty page that says there is more",
                                  NULL };
static const struct row cut = { 0, 0, API_OUTAGE, "the body ended early", NULL };
static const struct row silence = { 0, 0, API_OUTAGE, "no answer", NULL };
static const struct row quota = { 0, 0, API_LIMITED, "no quota is left",
                                  "see the account's plan and billing" };

static const struct row *row_of(const struct api_ending *ending)
{
        if (ending->trust)
                return &trust;
        if (ending->empty)
                return &empty;
        if (ending->cut)
                return &cut;
        if (ending->quota && ending->status == 429)
                return &quota;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (ending->status >= rows[i].from && ending->status <= rows[i].to)
                        return &rows[i];
        return &silence;
}

enum api_outcome api_ending_outcome(const struct api_ending *ending)
{
        return row_of(ending)->outcome;
}

bool api_ending_retry(const struct api_ending *ending, struct retry_case *retry)
{
        const struct row *row = row_of(ending);

        if (row == &trust)
                return false;
        retry->status = ending->status;
        retry->transport = row == &empty || row == &cut || row == &silence;
        retry->quota = row == &quota;
        return true;
}

/* "https://user@host:1/path" → "host:1"; "" if the location names no host. */
static void host_of(const char *location, char *out, size_t room)
{
        const char *p = strstr(location, "//"), *at;
        size_t n;

        *out = '\0';
        if (!p || (p > location && p[-1] != ':'))
                return;
        p += 2;
        n = strcspn(p, "/?#\\");
        at = memrchr(p, '@', n); /* what stands before it may be a password */
        if (at) {
                n -= (size_t)(at + 1 - p);
                p = at + 1;
        }
        text_line(p, n, out, room);
}

bool api_ending_is_well(const struct api_ending *ending)
{
        return !ending->empty && api_ending_outcome(ending) != API_OUTAGE;
}

void api_ending_say(const struct api_ending *ending, char out[static API_ENDING_TEXT_MAX])
{
        const struct row *row = row_of(ending);
        bool answered = row != &trust && row != &empty && row != &cut && row != &silence;
        const char *more = answered ? ending->message : ending->problem;
        char host[128] = "";
        size_t n;

        if (ending->status / 100 == 3 && ending->location)
                host_of(ending->location, host, sizeof(host));
        n = (size_t)snprintf(out, API_ENDING_TEXT_MAX, "%s%s%s", row->what, *host ? " to " : "",
                             host);
        if (answered)
                n += (size_t)snprintf(out + n, API_ENDING_TEXT_MAX - n, " (%d)", ending->status);
        if (more && *more)
                snprintf(out + n, API_ENDING_TEXT_MAX - n, ": %s", more);
}

void api_ending_err(const struct api_ending *ending, unsigned retries, usec_t announced,
                    struct err *e)
{
        const struct row *row = row_of(ending);
        char what[API_ENDING_TEXT_MAX], span[TEXT_SPAN_MAX], tried[32] = "", asked[96] = "";

        api_ending_say(ending, what);
        if (retries > 0)
                snprintf(tried, sizeof(tried), ", after %u retries", retries);
        if (announced > 0)
                snprintf(asked, sizeof(asked), "; the server asks to wait %s",
                         text_from_span(announced, span));
        err_set(e, row->outcome == API_OUTAGE ? ERR_AGAIN : ERR_SOURCE, "%s%s%s%s%s", what, tried,
                asked, row->remedy ? "; " : "", row->remedy ? row->remedy : "");
}

const char *api_reason(const struct api_reply *reply)
{
        static const char *const reasons[] = {
                [API_MISSING] = "missing", [API_REFUSED] = "rejected",
                [API_DENIED] = "refused",  [API_STRANGER] = "project",
                [API_LIMITED] = "limited", [API_MALFORMED] = "malformed",
                [API_STOPPED] = "stopped",
        };

        if (reply->outcome == API_OUTAGE)
                return reply->status < 300 ? "network" : "server";
        return reply->outcome == API_OK ? "" : reasons[reply->outcome];
}
