/* The lines of a stream out of the text of its frames, and which of them lie within the time that is
 * asked for. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "ctl/filter.h"
#include "ctl/library.h"
#include "ctl/record.h"

#include <stdbool.h>
#include <stddef.h>

struct sieve {
        /* Without its newline; valid for the call. 0, or what ends it. */
        int (*line)(void *ctx, const char *p, size_t n, struct err *e);
        void *ctx;

        struct record *rest; /* of a line whose end has not come yet */
        bool cut;            /* there is such a one */
};

/* The text of frames, cut anywhere; every frame ends with a newline. 0, what `line` returned, or
 * -1. */
int sieve_add(struct sieve *s, const char *p, size_t n, struct err *e);
/* The frame has ended; a line that has not (the frame is broken) is forgotten. */
void sieve_end(struct sieve *s);
void sieve_done(struct sieve *s);

/* Is a time asked for at all? */
bool sieve_is_timed(const struct filter *f);
/* Which lines are meant by since and until: completions by `created`, changes by `observed_at`,
 * messages by `created` of their completion, for which the library is asked (else it may be NULL).
 * What does not say is meant as well. */
struct sieve_time {
        enum stream stream;
        const struct filter *filter;
        struct library *library;

        struct buf id, last; /* start as BUF_INIT; messages of one completion lie together */
        bool known;
        int64_t created; /* of the last */
};
/* 1: it is meant, 0, or -1. */
int sieve_time(struct sieve_time *t, const char *p, size_t n, struct err *e);
void sieve_time_done(struct sieve_time *t);
