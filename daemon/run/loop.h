/* The process's event loop, its signals and timers. The one owner of sd-event above wire/. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>

struct loop;
struct loop_timer;
struct sd_event;

/* From here on they wait until there is a loop. reload: as for loop_new(). */
void loop_hold_signals(bool reload);

/* SIGINT and SIGTERM come to `signalled` from now on; SIGHUP and SIGUSR1 too where asked for. They
 * are blocked, and wait until the loop turns. ERR_HOST. */
int loop_new(bool reload, void (*signalled)(void *ctx, int number), void *ctx, struct loop **ret,
             struct err *e);
/* Its timers must be stopped. Takes NULL, returns NULL. */
struct loop *loop_free(struct loop *l);
struct sd_event *loop_event(struct loop *l);

/* Does a SIGTERM or SIGINT wait for the loop to turn? */
bool loop_is_called_off(void);
/* Turns until loop_end(). ERR_HOST. */
int loop_run(struct loop *l, struct err *e);
void loop_end(struct loop *l);

/* Call back once after `delay`, which goes on while the machine is suspended; never from within the
 * call. The timer is gone when it has fired; stop takes NULL and returns NULL. */
struct loop_timer *loop_timer_start(struct loop *l, usec_t delay, void (*fn)(void *ctx), void *ctx);
struct loop_timer *loop_timer_stop(struct loop_timer *t);
