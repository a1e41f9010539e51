#include "run/report.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/log.h"
#include "run/message.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 24

static const char *number(uint64_t n, char out[static NUMBER_MAX])
{
        snprintf(out, NUMBER_MAX, "%llu", (unsigned long long)n);
        return out;
}

/* "1,200 seen" */
#define COUNT(n) text_from_count((n), (char[TEXT_COUNT_MAX]){ 0 })

int report_error(const char *what, const struct err *err)
{
        log_line(LOG_ERR, "%s: %s", what, err->text);
        return -1;
}

void report_locked(const char *directory)
{
        log_line(LOG_ERR, "%s is locked: another chatarchived is writing to it", directory);
}

void report_waiting(const char *directory)
{
        const struct log_field fields[] = { { "MESSAGE_ID", MESSAGE_LOCKED } };

        log_event(LOG_WARNING, fields, ELEMENTS(fields),
                  "%s is locked: another chatarchived is writing to it; waiting until it ends",
                  directory);
}

void report_config_refused(int level, const struct err *err)
{
        const struct log_field fields[] = { { "MESSAGE_ID", MESSAGE_CONFIG_REFUSED } };

        log_event(level, fields, ELEMENTS(fields), "%s%s", err->text,
                  level == LOG_ERR ? "" : "; the configuration stays as it was");
}

void report_reloaded(void)
{
        log_line(LOG_INFO, "configuration and key were read again");
}

void report_start(const char *directory)
{
        log_line(LOG_INFO, "archiving to %s", directory);
}

void report_stop(const struct ledger_head *head)
{
        if (head)
                report_head(head);
        log_line(LOG_INFO, "stopped");
}

void report_damage(const char *directory, const struct err *err)
{
        const struct log_field fields[] = { { "MESSAGE_ID", MESSAGE_DAMAGED } };

        log_event(LOG_ERR, fields, ELEMENTS(fields),
                  "the archive %s is damaged: %s. Nothing was changed; run chatarchivectl "
                  "--directory=%s verify, and archive to a new directory",
                  directory, err->text, directory);
}

void report_recovered(void *ctx, const char *what)
{
        (void)ctx;
        const struct log_field fields[] = { { "MESSAGE_ID", MESSAGE_RECOVERED } };

        log_event(LOG_NOTICE, fields, ELEMENTS(fields), "recovered: %s", what);
}

void report_sealed(int level, const char *path, uint64_t length)
{
        char size[TEXT_SIZE_MAX], bytes[NUMBER_MAX];
        const struct log_field fields[] = {
                { "MESSAGE_ID", MESSAGE_SEALED },
                { "FILE", path },
                { "BYTES", number(length, bytes) },
        };

        log_event(level, fields, ELEMENTS(fields), "sealed %s, %s", path,
                  text_from_size(length, size));
}

void report_poisoned(void *ctx, const char *path, const struct err *why)
{
        (void)ctx;
        const struct log_field fields[] = {
                { "MESSAGE_ID", MESSAGE_POISONED },
                { "FILE", path },
        };

        log_event(
                LOG_ERR, fields, ELEMENTS(fields),
                "%s could not be brought to the disk: %s. It is cut back to what is safe and takes "
                "nothing more; look at the disk",
                path, why->text);
}

void report_trouble(enum trouble_kind kind, usec_t wait, int status, const char *request_id,
                    const char *what)
{
        static const struct {
                int level;
                const char *id, *words, *hope;
        } kinds[TROUBLE_KINDS] = {
                [TROUBLE_SERVER] = { LOG_ERR, MESSAGE_OUTAGE_BEGINS, "the server is out",
                                     "It is asked again and again" },
                [TROUBLE_RATE] = { LOG_NOTICE, MESSAGE_RATE_LIMITED, "the server limits the rate",
                                   "It is asked more slowly" },
                [TROUBLE_KEY] = { LOG_ERR, MESSAGE_KEY_REFUSED, "the server refuses access",
                                  "It is asked seldom until then; a new KeyFile= counts after a "
                                  "reload, a new credential after a restart" },
                [TROUBLE_DISK] = { LOG_ERR, MESSAGE_DISK_FULL, "the archive cannot be written",
                                   "It goes on when that has passed" },
        };
        char status_text[NUMBER_MAX], span[TEXT_SPAN_MAX];
        const struct log_field fields[] = {
                { "MESSAGE_ID", kinds[kind].id },
                { "HTTP_STATUS", status ? number((uint64_t)status, status_text) : NULL },
                { "REQUEST_ID", *request_id ? request_id : NULL },
        };

        if (wait >= TROUBLE_SERVER_AFTER)
                log_event(kinds[kind].level, fields, ELEMENTS(fields),
                          "%s: %s. It is asked again in %s", kinds[kind].words, what,
                          text_from_span(wait - wait % USEC_PER_SEC, span));
        else
                log_event(kinds[kind].level, fields, ELEMENTS(fields), "%s: %s. %s",
                          kinds[kind].words, what, kinds[kind].hope);
}

void report_trouble_over(enum trouble_kind kind, usec_t took, uint64_t failures)
{
        static const char *const words[TROUBLE_KINDS] = {
                [TROUBLE_SERVER] = "the server is back",
                [TROUBLE_RATE] = "the server limits the rate no longer",
                [TROUBLE_KEY] = "the server gives access again",
                [TROUBLE_DISK] = "the archive can be written again",
        };
        char span[TEXT_SPAN_MAX], took_text[NUMBER_MAX];
        const struct log_field fields[] = {
                { "MESSAGE_ID", MESSAGE_OUTAGE_ENDS },
                { "TOOK_USEC", number((uint64_t)took, took_text) },
        };

        took -= took % (took >= USEC_PER_SEC ? USEC_PER_SEC : USEC_PER_MSEC);
        log_event(LOG_NOTICE, fields, ELEMENTS(fields), "%s after %s; %s attempts failed",
                  words[kind], text_from_span(took, span), COUNT(failures));
}

void report_retry(int level, int status, const char *request_id, usec_t wait, const char *problem)
{
        char status_text[NUMBER_MAX], span[TEXT_SPAN_MAX];
        const struct log_field fields[] = {
                { "HTTP_STATUS", number((uint64_t)status, status_text) },
                { "REQUEST_ID", *request_id ? request_id : NULL },
        };

        wait -= wait % (wait >= USEC_PER_SEC ? USEC_PER_SEC / 10 : USEC_PER_MSEC);
        log_event(level, fields, ELEMENTS(fields), "%s; asking again in %s", problem,
                  text_from_span(wait, span));
}

void report_walk_start(const struct catalog_walk *walk, int level)
{
        char walk_text[NUMBER_MAX];
        const struct log_field fields[] = { { "WALK", number(walk->number, walk_text) } };

        log_event(level, fields, 1, "walk %llu: %s, %s", (unsigned long long)walk->number,
                  walk->full ? "full" : "new",
                  *walk->desc ? "goes on where it was interrupted" : "begins");
}

void report_page(const struct catalog_walk *walk, const char *request_id)
{
        char walk_text[NUMBER_MAX], page[NUMBER_MAX];
        const struct log_field fields[] = {
                { "WALK", number(walk->number, walk_text) },
                { "PAGE", number(walk->pages, page) },
                { "REQUEST_ID", *request_id ? request_id : NULL },
        };

        log_event(LOG_DEBUG, fields, 3, "walk %llu: page %llu, %s seen",
                  (unsigned long long)walk->number, (unsigned long long)walk->pages,
                  COUNT(walk->seen));
}

/* What is worth finding again by itself. */
static void report_history(const struct walk_result *result)
{
        const struct catalog_walk *w = &result->walk;
        char walk_text[NUMBER_MAX], changed[NUMBER_MAX], gone[NUMBER_MAX], held[NUMBER_MAX];
        const struct log_field of_held[] = {
                { "MESSAGE_ID", MESSAGE_GONE_HELD },
                { "WALK", walk_text },
                { "RECORDS", number(result->held, held) },
        };
        const struct log_field of_form[] = {
                { "MESSAGE_ID", MESSAGE_UNSTABLE },
                { "WALK", walk_text },
        };
        const struct log_field of_changed[] = {
                { "MESSAGE_ID", MESSAGE_CHANGED },
                { "WALK", number(w->number, walk_text) },
                { "RECORDS", number(w->changed, changed) },
        };
        const struct log_field of_gone[] = {
                { "MESSAGE_ID", MESSAGE_RECORDS_GONE },
                { "WALK", walk_text },
                { "RECORDS", number(w->gone, gone) },
        };

        if (w->changed)
                log_event(LOG_NOTICE, of_changed, ELEMENTS(of_changed),
                          "walk %llu: %s records have changed upstream; their new versions are "
                          "archived beside the old ones",
                          (unsigned long long)w->number, COUNT(w->changed));
        if (w->gone)
                log_event(LOG_NOTICE, of_gone, ELEMENTS(of_gone),
                          "walk %llu: %s records are gone upstream; the archive keeps them",
                          (unsigned long long)w->number, COUNT(w->gone));
        if (result->held)
                log_event(LOG_WARNING, of_held, ELEMENTS(of_held),
                          "walk %llu: %s records were not in the list, more than half of all: too "
                          "many to be believed. None is called gone until the next complete full "
                          "walk says the same; look whether the key is that of this archive",
                          (unsigned long long)w->number, COUNT(result->held));
        if (result->unstable)
                log_event(LOG_NOTICE, of_form, ELEMENTS(of_form),
                          "walk %llu: the server sends the same records in other forms each time; "
                          "from now on only changed values make a version",
                          (unsigned long long)w->number);
}

void report_walk(const struct walk_result *result, const struct ledger_head *head, int failed_level)
{
        const struct catalog_walk *w = &result->walk;
        char walk_text[NUMBER_MAX], pages[NUMBER_MAX], seen[NUMBER_MAX], seq[NUMBER_MAX];
        char span[TEXT_SPAN_MAX], counts[256], gaps[96] = "";
        usec_t took = w->ended > w->started ? w->ended - w->started : 0;
        const struct log_field fields[] = {
                { "MESSAGE_ID", result->complete ? MESSAGE_WALK_COMPLETE : MESSAGE_WALK_FAILED },
                { "WALK", number(w->number, walk_text) },
                { "KIND", w->full ? "full" : "new" },
                { "REASON", result->complete ? NULL : w->reason },
                { "PAGE", number(w->pages, pages) },
                { "RECORDS", number(w->seen, seen) },
                { "LEDGER_SEQ", number(head->seq, seq) },
                { "LEDGER_HEAD", head->hash },
        };

        took -= took % (took >= USEC_PER_MIN ? USEC_PER_SEC : USEC_PER_MSEC);
        if (w->gaps)
                snprintf(gaps, sizeof(gaps),
                         "; %s seconds held more records than a page, see status", COUNT(w->gaps));
        snprintf(counts, sizeof(counts), "%s pages, %s seen, %s new, %s changed", COUNT(w->pages),
                 COUNT(w->seen), COUNT(w->new), COUNT(w->changed));
        if (result->complete)
                log_event(LOG_INFO, fields, ELEMENTS(fields), "walk %llu: complete in %s: %s%s",
                          (unsigned long long)w->number, text_from_span(took, span), counts, gaps);
        else
                log_event(failed_level, fields, ELEMENTS(fields),
                          "walk %llu: failed (%s): %s. Kept: %s%s", (unsigned long long)w->number,
                          w->reason, result->err.text, counts, gaps);
        report_history(result);
}

void report_prompts(const struct prompts_result *result, int failed_level)
{
        char failed[NUMBER_MAX];
        const struct log_field fields[] = {
                { "MESSAGE_ID", MESSAGE_PROMPTS_FAILED },
                { "RECORDS", number(result->failed, failed) },
        };

        if (result->failed || result->stopped)
                log_event(failed_level, fields, ELEMENTS(fields),
                          "prompts: incomplete: %s. %s done, %s failed", result->err.text,
                          COUNT(result->done), COUNT(result->failed));
        else if (result->missing)
                log_line(LOG_INFO, "prompts: %s done, %s of them are gone upstream",
                         COUNT(result->done), COUNT(result->missing));
        else
                log_line(LOG_INFO, "prompts: %s done", COUNT(result->done));
}

void report_head(const struct ledger_head *head)
{
        char seq[NUMBER_MAX];
        const struct log_field fields[] = {
                { "LEDGER_SEQ", number(head->seq, seq) },
                { "LEDGER_HEAD", head->hash },
        };

        log_event(LOG_INFO, fields, 2, "ledger: head %llu:%s", (unsigned long long)head->seq,
                  head->hash);
}
