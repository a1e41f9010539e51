#include "base/mem.h"
#include "run/log.h"
#include "run/notify.h"
#include "run/reload.h"
#include "run/report.h"
#include "run/service_core.h"

#include <signal.h>
#include <string.h>

/* Everything anew, with another configuration or key. What is in hand ends as interrupted, and is
 * due again at once. */
static int start_over(struct service *s, struct config *config, char *key, struct err *e)
{
        int status = 0, r;
        /* What the server announced was announced to this key. */
        bool same = !(key && strcmp(key, s->key) != 0) &&
                    strcmp(config->base_url, s->config.base_url) == 0;
        usec_t held = same && s->engine.api ? api_held(s->engine.api, &status) : 0;

        s->again = s->again || s->schedule.now || s->engine.walk;
        s->halted = true;
        engine_interrupt(&s->engine);
        s->halted = false;
        engine_close(&s->engine);
        config_done(&s->config);
        s->config = *config;
        if (key) {
                mem_free_secret(s->key);
                s->key = key;
        }
        s->scheduled = false;
        memset(&s->schedule, 0, sizeof(s->schedule));
        r = engine_open_api(&s->engine, s->key, e);
        if (r == 0)
                api_hold(s->engine.api, held, status);
        return r;
}

static void reload(struct service *s)
{
        enum reload_found found;
        struct config config;
        struct err err = { 0 };
        char *key = NULL;

        if (s->ready)
                notify_reloading();
        if (reload_read(s->from, &s->config, s->key, s->source, &config, &key, &found, &err) < 0) {
                report_config_refused(LOG_WARNING, &err);
        } else {
                for (size_t i = 0; i < config.n_warnings; i++)
                        log_line(LOG_WARNING, "%s", config.warnings[i]);
                report_reloaded();
                if (found == RELOAD_DEEP) {
                        if (start_over(s, &config, key, &err) < 0) {
                                report_error("cannot go on", &err);
                                return service_end(s, SERVICE_FAILED);
                        }
                } else {
                        const usec_t interval[] = { config.interval, config.full_interval };

                        reload_light(&s->config, &config);
                        config_done(&config);
                        mem_free_secret(key);
                        if (found == RELOAD_LIGHT)
                                schedule_change(&s->schedule, interval, arc4random());
                }
        }
        if (s->ready)
                notify_ready();
        service_plan(s);
}

static void walk_now(struct service *s)
{
        if (s->scheduled)
                schedule_now(&s->schedule);
        else
                s->again = true;
        if (s->engine.api)
                api_hurry(s->engine.api);
        service_plan(s);
}

void service_signalled(void *ctx, int number)
{
        struct service *s = ctx;

        if (s->halted)
                return;
        if (number == SIGHUP)
                return reload(s);
        if (number == SIGUSR1)
                return walk_now(s);
        notify_stopping();
        service_end(s, SERVICE_OK);
}
