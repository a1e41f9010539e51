/* libcurl's multi interface on an sd-event loop: curl's sockets and its one timer are event sources
 * here. Knows nothing of transfers. Internal to http: nobody else includes it. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <curl/curl.h>
#include <stdbool.h>

struct sd_event;
struct http_loop;
struct http_timer;

/* woken() is called each time after curl has worked, when it may be called again: messages are to
 * be read, and what could not be done from curl's callbacks is to be done now. ERR_HOST. */
int http_loop_new(struct sd_event *event, void (*woken)(void *ctx), void *ctx,
                  struct http_loop **ret, struct err *e);
/* No easy handle may be left in the multi handle. Takes NULL, returns NULL. */
struct http_loop *http_loop_free(struct http_loop *l);

CURLM *http_loop_multi(struct http_loop *l);
/* Is curl on the stack? Then it must not be called. */
bool http_loop_busy(const struct http_loop *l);
/* Let woken() come soon; never from within the call. */
void http_loop_kick(struct http_loop *l);
/* Every easy handle needs this before it is added: curl closes its sockets through the loop. */
CURLcode http_loop_adopt(struct http_loop *l, CURL *easy);

/* As http.h's http_timer_start and _stop. */
struct http_timer *http_loop_timer(struct http_loop *l, usec_t delay, void (*fn)(void *ctx),
                                   void *ctx);
