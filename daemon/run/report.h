/* What the service tells: one function an event, so that its words, its level and its journal
 * fields stand in one place. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/ledger.h"
#include "walk/prompts.h"
#include "walk/walk.h"

#include <stdint.h>

int report_error(const char *what, const struct err *err); /* "what: why"; returns -1 */
void report_locked(const char *directory);
void report_damage(const char *directory, const struct err *err);
void report_recovered(const char *what);
void report_sealed(const char *path, uint64_t length);

void report_retry(int status, const char *request_id, usec_t wait, const char *problem);
void report_walk_start(const struct catalog_walk *walk);
void report_page(const struct catalog_walk *walk, const char *request_id);
void report_walk(const struct walk_result *result, const struct ledger_head *head);
void report_prompts(const struct prompts_result *result);
/* The ledger's head: the journal is its second witness. */
void report_head(const struct ledger_head *head);
