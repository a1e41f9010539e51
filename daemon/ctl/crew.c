#include "ctl/crew.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/* While the oldest result is taken, its thread is not to wait for it. */
#define JOBS_A_THREAD 2

struct crew {
        struct crew_calls calls;
        unsigned threads, slots;
        pthread_t thread[CREW_MAX];
        char *room;
        int result;    /* that done() ended it with */
        uint64_t done; /* the caller's thread alone */

        pthread_mutex_t lock; /* for what follows */
        pthread_cond_t more;  /* something was put, or it is over */
        pthread_cond_t ready; /* something was finished */
        uint64_t put, taken;
        bool *finished; /* of each slot */
        bool over;
};

static void *job_at(struct crew *c, uint64_t n)
{
        return c->room + n % c->slots * c->calls.size;
}

static void *work(void *crew)
{
        struct crew *c = crew;
        uint64_t n;

        pthread_mutex_lock(&c->lock);
        for (;;) {
                while (c->taken == c->put && !c->over)
                        pthread_cond_wait(&c->more, &c->lock);
                if (c->over)
                        break;
                n = c->taken++;
                pthread_mutex_unlock(&c->lock);
                c->calls.work(c->calls.ctx, job_at(c, n));
                pthread_mutex_lock(&c->lock);
                c->finished[n % c->slots] = true;
                pthread_cond_signal(&c->ready);
        }
        pthread_mutex_unlock(&c->lock);
        return NULL;
}

static unsigned count_processors(void)
{
        long n = sysconf(_SC_NPROCESSORS_ONLN);

        return n < 1 ? 1 : n > CREW_MAX ? CREW_MAX : (unsigned)n;
}

struct crew *crew_new(unsigned jobs, const struct crew_calls *calls)
{
        struct crew *c = mem_new(sizeof(*c));

        if (jobs == 0)
                jobs = count_processors();
        if (jobs > CREW_MAX)
                jobs = CREW_MAX;
        c->calls = *calls;
        pthread_mutex_init(&c->lock, NULL);
        pthread_cond_init(&c->more, NULL);
        pthread_cond_init(&c->ready, NULL);
        c->slots = jobs == 1 ? 1 : jobs * JOBS_A_THREAD;
        c->room = mem_new(c->slots * calls->size);
        c->finished = mem_new(c->slots * sizeof(*c->finished));
        while (jobs > 1 && c->threads < jobs &&
               pthread_create(&c->thread[c->threads], NULL, work, c) == 0)
                c->threads++;
        return c;
}

struct crew *crew_free(struct crew *c)
{
        if (!c)
                return NULL;
        pthread_mutex_lock(&c->lock);
        c->over = true;
        pthread_cond_broadcast(&c->more);
        pthread_mutex_unlock(&c->lock);
        for (unsigned i = 0; i < c->threads; i++)
                pthread_join(c->thread[i], NULL);
        for (; c->done < c->put; c->done++)
                if (c->calls.drop)
                        c->calls.drop(c->calls.ctx, job_at(c, c->done));
        for (unsigned i = 0; i < c->slots; i++)
                if (c->calls.clear)
                        c->calls.clear(c->calls.ctx, job_at(c, i));
        pthread_mutex_destroy(&c->lock);
        pthread_cond_destroy(&c->more);
        pthread_cond_destroy(&c->ready);
        free(c->finished);
        free(c->room);
        free(c);
        return NULL;
}

/* The oldest job; without `wait` only if it is finished. False: it is not. */
static bool take(struct crew *c, bool wait)
{
        bool *finished = &c->finished[c->done % c->slots];
        bool there;

        pthread_mutex_lock(&c->lock);
        while (wait && !*finished)
                pthread_cond_wait(&c->ready, &c->lock);
        there = *finished;
        *finished = false;
        pthread_mutex_unlock(&c->lock);
        if (there) {
                void *job = job_at(c, c->done++);

                c->result = c->calls.done(c->calls.ctx, job);
        }
        return there;
}

void *crew_job(struct crew *c)
{
        while (c->result == 0 && c->done < c->put && take(c, c->put - c->done == c->slots))
                ;
        return c->result == 0 ? job_at(c, c->put) : NULL;
}

void crew_put(struct crew *c)
{
        if (c->threads == 0) {
                void *job = job_at(c, c->put++);

                c->calls.work(c->calls.ctx, job);
                c->done++;
                c->result = c->calls.done(c->calls.ctx, job);
                return;
        }
        pthread_mutex_lock(&c->lock);
        c->put++;
        pthread_cond_signal(&c->more);
        pthread_mutex_unlock(&c->lock);
}

int crew_end(struct crew *c)
{
        while (c->result == 0 && c->done < c->put)
                take(c, true);
        return c->result;
}
