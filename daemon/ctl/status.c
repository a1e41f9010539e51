#include "ctl/status.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/show.h"
#include "ctl/status_core.h"

#include <stdlib.h>

usec_t status_age(const struct status *s)
{
        return s->now - s->account.full.ended;
}

bool status_too_old(const struct status *s)
{
        return s->max_age != STATUS_NO_AGE &&
               (!s->account.full.text || llabs(status_age(s)) > s->max_age);
}

static int gather(struct status *s, const struct verb *v, struct err *e)
{
        struct err err;

        if (chain_check(&s->chain, &s->damage, e) < 0 ||
            chain_each(&s->chain, account_line, &s->account, e) < 0)
                return -1;
        s->writer = writer_find(s->chain.fd, &s->pid);
        s->once = s->writer == WRITER_THERE && writer_is_once(s->pid);
        s->has_due = s->writer == WRITER_THERE && !s->once && s->config;
        if (s->has_due)
                due_find(&s->account, s->config->interval, s->config->full_interval, s->now,
                         &s->due);
        s->counted = count_completions(&s->chain, s->writer == WRITER_THERE, &s->count, &s->damage,
                                       &err) == 0;
        if (!s->counted)
                verb_fail(v, &err);
        return 0;
}

static void put(const struct status *s, const struct verb *v, bool json)
{
        _cleanup_buf_ struct buf text = BUF_INIT;
        _cleanup_buf_ struct buf shown = BUF_INIT;
        struct show show = { .n = 0 };

        if (json)
                status_json(s, &text);
        else
                status_text(s, &text);
        if (v->out_terminal) {
                show_add(&show, buf_str(&text), text.n, &shown);
                show_end(&show, &shown);
        } else {
                buf_add(&shown, buf_str(&text), text.n);
        }
        fwrite(buf_str(&shown), 1, shown.n, v->out);
}

static void tell_too_old(const struct status *s, const struct verb *v)
{
        char age[TEXT_SPAN_MAX], limit[TEXT_SPAN_MAX];
        usec_t t;

        if (!s->account.full.text) {
                fputs("chatarchivectl: no full walk was ever complete\n", v->err);
                return;
        }
        t = status_age(s);
        text_from_span(llabs(t - t % USEC_PER_SEC), age);
        text_from_span(s->max_age, limit);
        if (t < 0)
                fprintf(v->err,
                        "chatarchivectl: the last complete full walk ended %s ahead of now; a "
                        "clock was wrong\n",
                        age);
        else
                fprintf(v->err,
                        "chatarchivectl: the last complete full walk is %s old; %s were "
                        "allowed\n",
                        age, limit);
}

int status_archive(const struct verb *v, usec_t max_age, bool json)
{
        struct status *s = mem_new(sizeof(*s));
        struct err err;
        int r;

        s->directory = v->directory;
        s->config = v->config;
        s->max_age = max_age;
        s->now = clock_wall(v->clock);
        s->damage.out = v->err;
        r = chain_open(v->directory, &s->chain, &err);
        if (r == 0)
                r = gather(s, v, &err);
        if (r == CHAIN_NONE)
                r = verb_none_set(v, &err);
        if (r < 0) {
                s->error = err.text;
                s->damage.places += err.kind == ERR_DAMAGE;
        }
        if (r == 0 || json)
                put(s, v, json);
        chain_done(&s->chain);

        if (r < 0) {
                r = verb_fail(v, &err);
        } else {
                r = verb_found(&s->damage);
                if (status_too_old(s)) {
                        tell_too_old(s, v);
                        r = r ? r : VERB_NOT;
                }
        }
        account_done(&s->account);
        free(s);
        return r;
}
