/* A stand-in for the API, on loopback, with faults on demand: for tests, demo and benchmarks. */
#include "api.h"
#include "control.h"

#include <stdio.h>
#include <time.h>

static void handle(void *ctx, const struct request *r, uint64_t connection, struct answer *ret)
{
        struct service *s = ctx;

        if (s->server.n_conns > s->max_connections)
                s->max_connections = s->server.n_conns;
        if (!control_answer(s, r, ret))
                api_answer(s, r, connection, ret);
}

static void finished(void *ctx, const struct answer *a, uint64_t bytes, bool whole)
{
        struct service *s = ctx;

        if (a->counted)
                log_end(&s->log, a->log_entry, bytes, whole);
}

static int64_t date(void *ctx)
{
        const struct service *s = ctx;

        return s->options.date > 0 ? (int64_t)s->options.date : (int64_t)time(NULL);
}

int main(int argc, char **argv)
{
        static struct service s;
        struct handler handler = { handle, finished, date, &s };

        options_parse(argc, argv, &s.options);
        text_tables();
        store_init(&s.store, &s.options.shape, &s.options.plan);
        log_init(&s.log, s.options.log_max);
        s.rng = rng_of(s.options.shape.seed, 0, 4);
        s.started_usec = server_now_usec();
        server_open(&s.server, (uint16_t)s.options.port, s.options.watch_stdin, &handler);
        printf("ready http://127.0.0.1:%u/v1\n", s.server.port);
        if (fflush(stdout) != 0)
                return 1;

        server_run(&s.server);
        server_close(&s.server);
        faults_clear(&s.faults);
        hooks_clear(&s.hooks);
        log_done(&s.log);
        store_done(&s.store);
        return 0;
}
