#include "run/report.h"
#include "base/text.h"
#include "run/log.h"

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

void report_damage(const char *directory, const struct err *err)
{
        log_line(LOG_ERR,
                 "the archive %s is damaged: %s. Nothing was changed; run chatarchivectl "
                 "--directory=%s verify, and archive to a new directory",
                 directory, err->text, directory);
}

void report_recovered(const char *what)
{
        log_line(LOG_NOTICE, "recovered: %s", what);
}

void report_sealed(const char *path, uint64_t length)
{
        char size[TEXT_SIZE_MAX];

        log_line(LOG_DEBUG, "sealed %s, %s", path, text_from_size(length, size));
}

void report_retry(int status, const char *request_id, usec_t wait, const char *problem)
{
        char status_text[NUMBER_MAX], span[TEXT_SPAN_MAX];
        const struct log_field fields[] = {
                { "HTTP_STATUS", number((uint64_t)status, status_text) },
                { "REQUEST_ID", *request_id ? request_id : NULL },
        };

        wait -= wait % (wait >= USEC_PER_SEC ? USEC_PER_SEC / 10 : USEC_PER_MSEC);
        log_event(LOG_NOTICE, fields, 2, "%s; asking again in %s", problem,
                  text_from_span(wait, span));
}

void report_walk_start(const struct catalog_walk *walk)
{
        char walk_text[NUMBER_MAX];
        const struct log_field fields[] = { { "WALK", number(walk->number, walk_text) } };

        log_event(LOG_INFO, fields, 1, "walk %llu: %s, %s", (unsigned long long)walk->number,
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

void report_walk(const struct walk_result *result, const struct ledger_head *head)
{
        const struct catalog_walk *w = &result->walk;
        char walk_text[NUMBER_MAX], pages[NUMBER_MAX], seen[NUMBER_MAX], seq[NUMBER_MAX];
        char span[TEXT_SPAN_MAX], counts[256], gaps[96] = "";
        usec_t took = w->ended > w->started ? w->ended - w->started : 0;
        const struct log_field fields[] = {
                { "WALK", number(w->number, walk_text) },
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
                log_event(LOG_INFO, fields, 5, "walk %llu: complete in %s: %s%s",
                          (unsigned long long)w->number, text_from_span(took, span), counts, gaps);
        else
                log_event(LOG_ERR, fields, 5, "walk %llu: failed (%s): %s. Kept: %s%s",
                          (unsigned long long)w->number, w->reason, result->err.text, counts, gaps);
}

void report_prompts(const struct prompts_result *result)
{
        if (result->failed || result->stopped)
                log_line(LOG_ERR, "prompts: incomplete: %s. %s done, %s failed", result->err.text,
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
