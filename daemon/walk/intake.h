/* The intake: completions as a page reader hands them on, each compared with what the archive has,
 * and appended if it is new or differs. Commits whenever the archive says that it is due. */
#pragma once

#include "base/clock.h"
#include "store/archive.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stdint.h>

struct intake;

struct intake_record {
        const char *id; /* valid during the call */
        size_t id_length;
        int64_t created;
        bool fresh; /* was appended: new, or another version */
};

/* each: told of every whole record, known or not; NULL: nobody. */
struct intake *intake_new(struct archive *a, const struct clock *clock,
                          void (*each)(void *ctx, const struct intake_record *record), void *ctx);
struct intake *intake_free(struct intake *i); /* takes NULL */

/* What a page reader writes to. Returns SPOOL_BUSY for a giant whose place is taken. Rows are noted
 * in the catalog; to settle or forget them is the caller's. */
struct page_sink intake_sink(struct intake *i);
/* A page begins (again): what is in the middle of a record is void. The response's request id is
 * not known before its end: that of the page before is given to its records. */
void intake_restart(struct intake *i);
void intake_set_request_id(struct intake *i, const char *request_id);
