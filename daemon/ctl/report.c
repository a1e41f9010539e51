#include "ctl/report.h"
#include "base/mem.h"
#include "ctl/reading.h"
#include "ctl/report_core.h"
#include "ctl/writer.h"
#include "store/replay.h"

#include <errno.h>
#include <string.h>

/* ---- what is told on the way goes to the person, and its beginning onto the page ---- */

static ssize_t on_told(void *ctx, const char *p, size_t n)
{
        struct sheet *r = ctx;
        const char *at = p, *end = p + n;

        fwrite(p, 1, n, r->verb->err);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t length = (size_t)((newline ? newline + 1 : end) - at);

                if (r->n_told < SHEET_TOLD_MAX)
                        buf_add(&r->told, at, length);
                r->n_told += newline != NULL;
                at += length;
        }
        return (ssize_t)n;
}

static FILE *open_told(struct sheet *r)
{
        FILE *f = fopencookie(r, "w", (cookie_io_functions_t){ .write = on_told });

        if (!f)
                abort(); /* no memory */
        setvbuf(f, NULL, _IONBF, 0);
        return f;
}

/* What is told to this one was, or will be, told by another reader. */
static ssize_t on_ignored(void *ctx, const char *p, size_t n)
{
        (void)ctx;
        (void)p;
        return (ssize_t)n;
}

/* ---- the ledger ---- */

struct lines {
        struct sheet *report;
        struct reading_files files;
        char told[NAME_MAX_BYTES]; /* the last segment that was told of */
};

/* Prompts are not read: that their files are there, and as long as they have to be, is. */
static void reach(struct lines *l, const struct frame_ref *frame)
{
        struct sheet *r = l->report;
        struct reading_file *file = NULL;
        struct err err;
        int result = reading_files_get(&l->files, frame->stream, frame->segment, &file, &err);

        if (result == 0)
                result = reading_file_reach(file, frame, &err);
        reading_file_drop(file);
        r->reached += result == 0;
        if (result == 0 || (result < 0 && strcmp(l->told, frame->segment) == 0))
                return;
        memcpy(l->told, frame->segment, sizeof(l->told));
        if (result < 0)
                damage_unread(&r->damage, frame->segment, err.text);
        else
                damage_add(&r->damage, frame->segment, frame->offset, frame->records, "%s",
                           err.text);
}

static int on_line(void *ctx, const struct ledger_line *line)
{
        struct lines *l = ctx;
        struct sheet *r = l->report;
        struct frame_ref frame;
        struct name name;

        if (!r->history.to)
                history_begin(&r->history, line->time, r->now);
        account_line(&r->account, line);
        if (json_equals(&line->type, "walk"))
                history_walk(&r->history, &r->account.walks[0]);
        if (!json_equals(&line->type, "frame") || !replay_frame(line, &frame, &name))
                return 0;
        history_frame(&r->history, line->time, frame.length);
        if (frame.stream == STREAM_MESSAGES)
                reach(l, &frame);
        return 0;
}

/* ---- all of it ---- */

static void count(struct sheet *r)
{
        struct damage ignored = { .out = fopencookie(
                                          r, "w", (cookie_io_functions_t){ .write = on_ignored }) };
        const bool writing = writer_find(r->chain.fd, &(int64_t){ 0 }) == WRITER_THERE;
        struct err err;

        if (!ignored.out)
                abort(); /* no memory */
        r->counted = count_completions(&r->chain, writing, &r->count, &ignored, &err) == 0;
        fclose(ignored.out);
        if (!r->counted && !r->damage.places)
                verb_fail(r->verb, &err);
}

static int gather(struct sheet *r, unsigned jobs, struct err *e)
{
        struct lines lines = { .report = r, .files.dirfd = r->chain.dirfd };
        int result = chain_check(&r->chain, &r->damage, e);

        if (result == 0)
                result = chain_each(&r->chain, on_line, &lines, e);
        reading_files_done(&lines.files);
        if (result < 0)
                return -1;
        if (!r->history.to)
                history_begin(&r->history, r->now, r->now);
        history_end(&r->history);
        r->meter.total = r->account.streams[STREAM_COMPLETIONS].stored +
                         r->account.streams[STREAM_CHANGES].stored;
        if (sheet_read(r, jobs, e) < 0)
                return -1;
        meter_hide(&r->meter);
        count(r);
        return 0;
}

static void put(const struct sheet *r)
{
        _cleanup_buf_ struct buf page = BUF_INIT;

        sheet_page(r, &page);
        fwrite(buf_str(&page), 1, page.n, r->verb->out);
}

static void before_told(void *ctx)
{
        meter_hide(ctx);
}

static struct sheet *sheet_new(const struct verb *v)
{
        struct sheet *r = mem_new(sizeof(*r));

        r->verb = v;
        r->now = clock_wall(v->clock);
        r->completions = tally_new();
        r->changes = tally_new();
        r->versions = versions_new();
        r->meter = (struct meter){ .out = v->err_terminal ? v->err : NULL, .clock = v->clock };
        r->damage = (struct damage){ .out = open_told(r), .before = before_told, .ctx = &r->meter };
        return r;
}

static void sheet_free(struct sheet *r)
{
        fclose(r->damage.out);
        tally_free(r->completions);
        tally_free(r->changes);
        versions_free(r->versions);
        account_done(&r->account);
        buf_done(&r->told);
        free(r);
}

int report_archive(struct verb *v, const struct args *a)
{
        struct sheet *r = sheet_new(v);
        struct err err;
        int result = chain_open(v->directory, &r->chain, &err);

        if (result == 0)
                result = gather(r, a->jobs, &err);
        meter_hide(&r->meter);
        chain_done(&r->chain);
        if (result == 0) {
                put(r);
                result = verb_found(&r->damage);
        } else if (result == CHAIN_NONE) {
                result = verb_none(v);
        } else {
                /* There is nothing to report but this. */
                r->error = err.text;
                if (err.kind == ERR_DAMAGE)
                        put(r);
                result = verb_fail(v, &err);
        }
        sheet_free(r);
        return result;
}
