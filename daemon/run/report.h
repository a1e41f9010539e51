/* What the service tells: one function an event, so that its words, its level and its journal
 * fields stand in one place. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "run/trouble.h"
#include "store/ledger.h"
#include "walk/prompts.h"
#include "walk/walk.h"

#include <stdint.h>

int report_error(const char *what, const struct err *err); /* "what: why"; returns -1 */
void report_locked(const char *directory);
void report_waiting(const char *directory); /* as above, but this one stays */
/* level: LOG_ERR at the start, which ends with it; LOG_WARNING where the old one stays. */
void report_config_refused(int level, const struct err *err);
void report_reloaded(void);
void report_start(const char *directory);
void report_stop(const struct ledger_head *head); /* NULL: no archive was open */
void report_damage(const char *directory, const struct err *err);
/* Both fit for struct archive_watch. */
void report_recovered(void *ctx, const char *what);
void report_sealed(int level, const char *path, uint64_t length);
void report_poisoned(void *ctx, const char *path, const struct err *why);

void report_retry(int level, int status, const char *request_id, usec_t wait, const char *problem);
/* what: the failure that it began with; status 0 and request_id "" where there is none. */
/* wait: until it is tried again, if it was announced or is long. */
void report_trouble(enum trouble_kind kind, usec_t wait, int status, const char *request_id,
                    const char *what);
void report_trouble_over(enum trouble_kind kind, usec_t took, uint64_t failures);
void report_walk_start(const struct catalog_walk *walk, int level);
void report_page(const struct catalog_walk *walk, const char *request_id);
/* failed_level: of a walk that failed; one of an outage was told already. */
void report_walk(const struct walk_result *result, const struct ledger_head *head,
                 int failed_level);
void report_prompts(const struct prompts_result *result, int failed_level);
/* The ledger's head: the journal is its second witness. */
void report_head(const struct ledger_head *head);
