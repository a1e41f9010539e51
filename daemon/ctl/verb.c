#include "ctl/verb.h"
#include "ctl/show.h"

#include <string.h>

static void tell(const struct verb *v, const char *text)
{
        _cleanup_buf_ struct buf b = BUF_INIT;

        show_text(&b, text, strlen(text));
        fprintf(v->err, "chatarchivectl: %s\n", buf_str(&b));
}

int verb_fail(const struct verb *v, const struct err *e)
{
        tell(v, e->text);
        if (e->kind == ERR_DAMAGE)
                return VERB_DAMAGED;
        return e->kind == ERR_CONFIG ? VERB_USAGE : VERB_NOT;
}

int verb_none_set(const struct verb *v, struct err *e)
{
        return err_set(e, ERR_HOST, "there is no archive in %s", v->directory);
}

int verb_none(const struct verb *v)
{
        struct err e;

        verb_none_set(v, &e);
        return verb_fail(v, &e);
}

int verb_found(const struct damage *d)
{
        if (d->places)
                return VERB_DAMAGED;
        return d->unread ? VERB_NOT : VERB_OK;
}
