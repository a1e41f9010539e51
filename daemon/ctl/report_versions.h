/* The versions of completions that were later replaced by others. The stream of changes names each
 * by its digest, so that the lines of completions need no memory of each other: a line whose digest
 * is here counts no more, as often as it was replaced. */
#pragma once

#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

/* 48 MiB. Of an archive with more changes, versions behind these count as completions. */
#define VERSIONS_MAX (UINT64_C(1) << 20)

struct versions;

struct versions *versions_new(void);
struct versions *versions_free(struct versions *v); /* takes NULL, returns NULL */

void versions_add(struct versions *v, const uint8_t digest[static SHA256_SIZE]);
/* Is it one? Each time that it was added, this says so once. By several threads at once. */
bool versions_take(struct versions *v, const uint8_t digest[static SHA256_SIZE]);
uint64_t versions_count(const struct versions *v);
bool versions_full(const struct versions *v); /* some were not added */
