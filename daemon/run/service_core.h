/* The inside of the service, shared by its parts: service_open (the archive, which may be locked, or
 * take long), service (what to do next), service_signal (what a person asks). Only they include
 * it. */
#pragma once

#include "run/alarm.h"
#include "run/engine.h"
#include "run/schedule.h"
#include "run/service.h"
#include "run/state.h"
#include "run/watchdog.h"

struct loop_timer;

struct service {
        const struct config_from *from;
        struct config config;
        char *key;
        enum key_source source;
        struct clock clock;
        struct loop *loop;
        struct engine engine;
        struct alarm alarm;
        struct patience *patience;
        struct state state;

        struct schedule schedule;
        bool scheduled; /* it knows the archive's past */
        usec_t begun;   /* the walk in hand; boot clock */
        enum schedule_kind asked;
        bool prompts_due;     /* there may be some to fetch … */
        usec_t prompts_after; /* … but not before this, on the boot clock */
        bool prompts_started; /* beside the walk in hand */
        bool again;           /* a walk is due as soon as the schedule is there */

        struct loop_timer *timer; /* the next thing to do */
        struct loop_timer *house;
        struct loop_timer *feeder;
        struct watchdog watchdog;
        usec_t watchdog_usec, extended;
        bool ready, lock_told, halted;
        enum service_exit exit;
};

/* service_open.c */
/* Once it is open, service_plan() follows; else this comes again later, or it is the end. */
void service_open(struct service *s);
void service_working(void *service);
/* service.c */
void service_plan_in(struct service *s, usec_t wait);
/* Look at what is due, and do it. */
void service_plan(struct service *s);
/* What is in hand ends in good order, the loop with it. */
void service_end(struct service *s, enum service_exit how);
/* service_signal.c */
void service_signalled(void *ctx, int number);
