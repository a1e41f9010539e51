/* The faults that are set, and when each is due. */
#pragma once

#include "kind.h"
#include "trigger.h"

#define FAULTS_MAX 1000 /* a test sets a few */

struct fault {
        struct trigger trigger;
        const struct kind *kind;
        struct params params;
        struct buf body; /* what it was posted with */
        uint64_t fired;
};

struct faults {
        struct fault *list[FAULTS_MAX];
        size_t n;
};

/* Takes over the parameters' contents. NULL, or why not, into *ret_why. */
int faults_add(struct faults *f, struct params *take, struct slice body, struct buf *ret_why);
void faults_clear(struct faults *f);

/* Counts the request with all faults; the first that is due with it, or NULL. */
struct fault *faults_pick(struct faults *f, const struct call *call);

/* In this order: what the page is to be, … */
void fault_tweak(const struct fault *f, struct tweak *ret);
/* … whether the fault makes the answer (true), instead of the API, … */
bool fault_replace(const struct fault *f, struct answer *a);
/* … and what becomes of the answer on its way. */
void fault_transfer(const struct fault *f, struct answer *a);

/* One JSON object a line. */
void faults_lines(const struct faults *f, struct buf *ret);
