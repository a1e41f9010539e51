/* A text in memory with long strings standing in it that are not: how a record of 10 GB is held in
 * a few hundred bytes. What is in memory is valid JSON by itself, the long strings empty. */
#pragma once

#include "buf.h"
#include "text.h"

#define ROPE_TEXTS_MAX 8          /* a record has one long string; image parts may have a few */
#define ROPE_INLINE    (8 * 1024) /* bytes: shorter strings are written out at once */

struct rope {
        struct buf head;
        size_t n_texts;
        struct {
                size_t at; /* before head.p[at] */
                struct text text;
        } texts[ROPE_TEXTS_MAX];

        size_t read_at;   /* reading: the position in head … */
        size_t read_text; /* … and the text that comes next or is under way */
        bool in_text;
        struct text reading;
};

void rope_clear(struct rope *r); /* empty, memory kept, reading starts over */
void rope_done(struct rope *r);

/* `bytes` bytes of text, without quotes. */
void rope_text(struct rope *r, enum text_kind kind, uint64_t bytes, struct rng rng);

/* Put s in the place of head's bytes [from, to); long strings within them go too. */
void rope_replace(struct rope *r, size_t from, size_t to, struct slice s);

/* Up to room bytes, 0 at the end. */
size_t rope_read(struct rope *r, char *to, size_t room);
