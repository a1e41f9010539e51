#include "tap.h"
#include "base/err.h"

#include <errno.h>

static void fills(void)
{
        struct err e;

        CHECK(err_set(&e, ERR_SOURCE, "page %d of %s", 3, "x") == -1);
        CHECK(e.kind == ERR_SOURCE && e.errnum == 0 && strcmp(e.text, "page 3 of x") == 0);
        CHECK(err_sys(&e, ENOSPC, "cannot write %s", "x") == -1);
        CHECK(e.kind == ERR_HOST && e.errnum == ENOSPC);
        CHECK(strcmp(e.text, "cannot write x: No space left on device") == 0);
        CHECK(err_wrap(&e, "walk %d", 12) == -1);
        CHECK(e.kind == ERR_HOST && e.errnum == ENOSPC);
        CHECK(strcmp(e.text, "walk 12: cannot write x: No space left on device") == 0);
        CHECK(err_set(&e, ERR_BUG, "again") == -1 && e.errnum == 0);
}

static void without(void)
{
        CHECK(err_set(NULL, ERR_BUG, "x") == -1);
        CHECK(err_sys(NULL, EIO, "x") == -1);
        CHECK(err_wrap(NULL, "x") == -1);
}

static void cuts(void)
{
        char text[2 * ERR_TEXT_MAX];

        for (size_t n = ERR_TEXT_MAX - 40; n < ERR_TEXT_MAX + 40; n++) {
                struct {
                        struct err e;
                        char after;
                } s = { .after = 'x' };

                memset(text, 'a', n);
                text[n] = '\0';
                err_set(&s.e, ERR_HOST, "%s", text);
                CHECK(strlen(s.e.text) == (n < ERR_TEXT_MAX ? n : ERR_TEXT_MAX - 1));
                err_sys(&s.e, EIO, "%s", text);
                CHECK(strlen(s.e.text) < ERR_TEXT_MAX && strncmp(s.e.text, text, 400) == 0);
                err_wrap(&s.e, "%s", text);
                CHECK(strlen(s.e.text) < ERR_TEXT_MAX && s.after == 'x');
        }
}

static void itself(void)
{
        struct err e;

        err_set(&e, ERR_HOST, "one");
        err_set(&e, ERR_SOURCE, "two after %s", e.text);
        CHECK(strcmp(e.text, "two after one") == 0);
        err_wrap(&e, "three, that is %s", e.text);
        CHECK(strcmp(e.text, "three, that is two after one: two after one") == 0);
}

int main(void)
{
        RUN(fills, "an error has its kind, its number and its text");
        RUN(without, "nobody has to ask for the error");
        RUN(cuts, "a text that is too long is cut within its room");
        RUN(itself, "an error's text may be part of its next one");
        return tap_end();
}
