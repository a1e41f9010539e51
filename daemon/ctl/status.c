#include "ctl/status.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/show.h"
#include "ctl/status_core.h"

usec_t status_age(const struct status *s)
{
        if (!s->account.full.text)
                return -1;
        return s->now > s->account.full.ended ? s->now - s->account.full.ended : 0;
}

bool status_too_old(const struct status *s)
{
        return s->max_age != STATUS_NO_AGE && (!s->account.full.text || status_age(s) > s->max_age);
}

static int gather(struct status *s, const struct verb *v, struct err *e)
{
        struct err err;

        if (chain_check(&s->chain, &s->damage, e) < 0 ||
            chain_each(&s->chain, account_line, &s->account, e) < 0)
                return -1;
        s->writer = writer_find(s->chain.fd, &s->pid);
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
        usec_t t = status_age(s);

        if (t < 0)
                fputs("chatarchivectl: no full walk was ever complete\n", v->err);
        else
                fprintf(v->err,
                        "chatarchivectl: the last complete full walk is %s old; %s were "
                        "allowed\n",
                        text_from_span(t - t % USEC_PER_SEC, age),
                        text_from_span(s->max_age, limit));
}

int status_archive(const struct verb *v, usec_t max_age, bool json)
{
        struct status *s = mem_new(sizeof(*s));
        struct err err;
        int r;

        s->directory = v->directory;
        s->max_age = max_age;
        s->now = clock_wall(v->clock);
        s->damage.out = v->err;
        r = chain_open(v->directory, &s->chain, &err);
        if (r == 0)
                r = gather(s, v, &err);
        if (r == 0)
                put(s, v, json);
        chain_done(&s->chain);

        if (r == CHAIN_NONE) {
                r = verb_none(v);
        } else if (r < 0) {
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
