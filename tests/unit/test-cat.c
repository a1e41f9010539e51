#include "ctl/cat.h"
#include "kept-attack.h"

#define LINE_1 "{\"id\":\"chatcmpl-1\",\"created\":1700000001,\"seed\":2654435761}\n"

static bool shows(const struct kept *k, enum stream stream, int r, size_t lines, const char *err)
{
        struct said s;
        size_t n = 0;
        bool good;

        SAY(&s, k, cat_stream(&v, stream));
        for (const char *p = s.out; (p = strchr(p, '\n')); p++)
                n++;
        good = s.r == r && n == lines && (err ? strstr(s.err, err) != NULL : s.err_n == 0);
        if (!good)
                printf("# %d, %zu lines: %s# %s\n", s.r, n, s.out, s.err);
        said_done(&s);
        return good;
}

static void all(void)
{
        for (enum packing p = 0; p < PACKINGS; p++) {
                struct said s;
                struct kept k;

                kept_small(&k, p);
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, 8, NULL));
                CHECK(shows(&k, STREAM_CHANGES, VERB_OK, 1, NULL));
                SAY(&s, &k, cat_stream(&v, STREAM_COMPLETIONS));
                CHECK(strncmp(s.out, LINE_1, strlen(LINE_1)) == 0);
                said_done(&s);
                SAY(&s, &k, cat_stream(&v, STREAM_MESSAGES));
                CHECK(strcmp(s.out, "{\"completion_id\":\"chatcmpl-1\",\"id\":\"m1\",\"role\":"
                                    "\"user\"}\n") == 0);
                said_done(&s);
                kept_drop(&k);
        }
}

static void live(void)
{
        struct kept k;
        size_t lines = 0;

        kept_new(&k, PACKING_ZSTD);
        for (unsigned i = 0; i < 20; i++) {
                kept_completions(&k, 2);
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, lines, NULL));
                kept_commit(&k);
                lines += 2;
                CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, lines, NULL));
                if (i % 3 == 0)
                        kept_seal(&k);
        }
        kept_drop(&k);
}

static void damaged(void)
{
        struct kept k;
        char *text;
        size_t n;

        kept_small(&k, PACKING_ZSTD);
        text = kept_slurp(&k, SEALED, &n);
        text[20] ^= 4;
        kept_write(&k, SEALED, text, n);
        free(text);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 5, "damaged: " SEALED ": offset 0: "));
        CHECK(shows(&k, STREAM_CHANGES, VERB_OK, 1, NULL));
        kept_unlink(&k, SECOND);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 4,
                    SECOND ": offset 0: it is missing: 1"));
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        kept_spoil(&k, LEDGER_FILE, "req_1");
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 5, "line 2: it does not match its own"));
        kept_drop(&k);

        kept_small(&k, PACKING_ZSTD);
        forge(&k, 1, "\"length\":", "\"lenth\":");
        CHECK(shows(&k, STREAM_MESSAGES, VERB_DAMAGED, 1, "line 2: its frame makes no sense"));
        kept_drop(&k);
}

/* What is not the file itself is not shown for it, and does not hold cat up. */
static void no_file(void)
{
        char path[256];
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        kept_rename(&k, SEALED, "x");
        kept_path(&k, SEALED, path);
        CHECK(symlink("../../x", path) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        unlink(path);
        CHECK(mkfifo(path, 0600) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        unlink(path);
        CHECK(mkdir(path, 0700) == 0);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_DAMAGED, 3, SEALED ": offset 0: it is missing"));
        kept_drop(&k);
}

static void torn(void)
{
        struct lines l;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        forget_catalog(&k);
        lines_read(&k, &l);
        kept_write(&k, LEDGER_FILE, l.text, (size_t)(l.line[9] - l.text) + 9);
        CHECK(shows(&k, STREAM_COMPLETIONS, VERB_OK, 6, NULL));
        free(l.text);
        kept_drop(&k);
}

static void terminal(void)
{
        struct said s;
        struct kept k;

        kept_new(&k, PACKING_ZSTD);
        kept_line(&k, STREAM_MESSAGES,
                  "{\"completion_id\":\"c\",\"x\":\"\177\302\233 \342\202\254\"}");
        kept_commit(&k);
        SAY(&s, &k, (v.out_terminal = true, cat_stream(&v, STREAM_MESSAGES)));
        CHECK(s.r == VERB_OK && strcmp(s.out, "{\"completion_id\":\"c\",\"x\":\"\\u007f\\u009b "
                                              "\342\202\254\"}\n") == 0);
        said_done(&s);
        SAY(&s, &k, cat_stream(&v, STREAM_MESSAGES));
        CHECK(strchr(s.out, '\177') && strstr(s.out, "\302\233"));
        said_done(&s);
        kept_drop(&k);
}

static int to_full(struct verb *v)
{
        int r;

        v->out = fopen("/dev/full", "w");
        setvbuf(v->out, NULL, _IONBF, 0);
        r = cat_stream(v, STREAM_COMPLETIONS);
        CHECK(ferror(v->out));
        fclose(v->out);
        return r;
}

static void full(void)
{
        struct said s;
        struct kept k;

        kept_small(&k, PACKING_ZSTD);
        SAY(&s, &k, to_full(&v));
        CHECK(s.r == VERB_OK && s.err_n == 0); /* main sees it, and tells */
        said_done(&s);
        kept_drop(&k);
        SAY(&s, &k, cat_stream(&v, STREAM_COMPLETIONS));
        CHECK(s.r == VERB_NOT && strstr(s.err, "there is no archive in"));
        said_done(&s);
}

int main(void)
{
        RUN(all, "every record is shown as it came, in each packing");
        RUN(live, "what is committed is shown beside a writer, and nothing else");
        RUN(damaged, "damaged frames are left out and named, whole ones are shown");
        RUN(no_file, "links, pipes and folders are not taken for a segment");
        RUN(torn, "frames of an unfinished group are not shown");
        RUN(terminal, "a terminal gets no control characters, a pipe gets every byte");
        RUN(full, "an output that cannot be written ends it");
        return tap_end();
}
