/* One record's text, whole, whatever its size: in memory, or from 1 MiB on in a file without a name
 * that is mapped, so that a giant costs address space and disk (in $TMPDIR, /var/tmp or /tmp), not
 * memory. */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>

struct record;

struct record *record_new(void);
struct record *record_free(struct record *r); /* takes NULL, returns NULL */
void record_reset(struct record *r);          /* empty again, its memory kept */
int record_add(struct record *r, const char *p, size_t n, struct err *e);
/* All of it, without the newline at its end; valid until the next call. It is one JSON value, or
 * ERR_DAMAGE; ERR_HOST: it cannot be mapped. */
int record_text(struct record *r, struct json *ret, struct err *e);
