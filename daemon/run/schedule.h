/* When to walk, and which kind of walk. Pure: time and chance are handed in, so that years of it
 * can be tested in a moment.
 *
 * It lives on the boot clock, which jumps of the wall clock leave alone; the wall clock serves only
 * to tell, at the start, how long ago the walks of the ledger were. */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* A walk begins up to a JITTER-th of its interval before it is due, never after: many machines
 * with the same configuration spread, and no archive is older than its interval says. */
#define SCHEDULE_JITTER 16
/* What comes late begins no sooner than a REST-th of its interval after the walk before ended: a
 * walk that takes longer than its interval does not fill all of the time. */
#define SCHEDULE_REST 8

#define SCHEDULE_SOURCE_FIRST (60 * USEC_PER_SEC) /* the server's answers; doubles up to … */
#define SCHEDULE_SOURCE_MAX   USEC_PER_HOUR       /* … this; each no longer than the interval */
#define SCHEDULE_PERSON_FIRST (10 * USEC_PER_MIN) /* a key refused, no quota: a person must act */
#define SCHEDULE_PERSON_MAX   USEC_PER_HOUR
#define SCHEDULE_HOST_FIRST   USEC_PER_SEC /* the disk; asking again costs the server nothing */
#define SCHEDULE_HOST_MAX     (60 * USEC_PER_SEC)

enum schedule_kind { SCHEDULE_NEW, SCHEDULE_FULL };
#define SCHEDULE_KINDS 2

/* Why a walk, or what came before it, failed; what it says of the next attempt. */
enum schedule_cause {
        SCHEDULE_SOURCE,      /* the server's answers: holds this kind of walk back */
        SCHEDULE_PERSON,      /* holds everything back, for long */
        SCHEDULE_HOST,        /* holds everything back, for a short while */
        SCHEDULE_INTERRUPTED, /* no fault of anyone's: it is due again at once */
};

struct schedule {
        usec_t interval[SCHEDULE_KINDS];
        /* On the boot clock. */
        usec_t due[SCHEDULE_KINDS];
        usec_t begun[SCHEDULE_KINDS]; /* of the last complete walk, or a time before the boot */
        usec_t held;                  /* nothing before */
        /* Failures in a row: of each kind of walk, by its server; and of everything. */
        unsigned failures[SCHEDULE_KINDS], persons, hosts;
        bool failed[SCHEDULE_KINDS]; /* the last one: .due is not counted from .begun */
        bool now;                    /* asked for by a person, and not begun yet */
        bool first;                  /* no full walk was ever complete: a new one would become it */
};

/* What the ledger tells, on the wall clock; 0: never. */
struct schedule_past {
        usec_t full; /* start of the last complete full walk of what is configured */
        usec_t any;  /* and of the last complete walk, full or new */
};

/* A past in the future (the clock was set back) tells nothing: as never. random: any 32 bits. */
void schedule_init(struct schedule *s, const usec_t interval[static SCHEDULE_KINDS],
                   const struct schedule_past *past, usec_t wall, usec_t boot, uint32_t random);
/* Other intervals, counted from the same walks; one that failed is due when it was. */
void schedule_change(struct schedule *s, const usec_t interval[static SCHEDULE_KINDS],
                     uint32_t random);

/* How long until a walk is to begin; 0: now. */
usec_t schedule_wait(const struct schedule *s, usec_t boot);
/* Which one to begin now. */
enum schedule_kind schedule_next(const struct schedule *s, usec_t boot);
/* The boot time at which a walk of this kind is to begin, holds included. */
usec_t schedule_when(const struct schedule *s, enum schedule_kind kind);

/* It began: no other is asked for. */
void schedule_begun(struct schedule *s);
/* `begun` is when it began, both on the boot clock. A full walk covers what a new one would. */
void schedule_complete(struct schedule *s, enum schedule_kind kind, usec_t begun, usec_t ended,
                       uint32_t random);
/* announced: how long the server asked for quiet, or 0. */
void schedule_failed(struct schedule *s, enum schedule_kind kind, enum schedule_cause cause,
                     usec_t announced, usec_t ended);
/* Everything is held back, without a walk having been tried (prompts met a refusal, say). */
void schedule_hold(struct schedule *s, enum schedule_cause cause, usec_t announced, usec_t boot);
/* Another failure of this machine's: how long to wait until it is tried again. */
usec_t schedule_host(struct schedule *s);
/* Someone asks for a walk: nothing holds it back. */
void schedule_now(struct schedule *s);
