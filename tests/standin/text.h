/* The contents of long strings, made while they are sent: n bytes as they stand between the quotes
 * of a JSON string, valid UTF-8 and valid escapes, the same for the same generator however they are
 * read. */
#pragma once

#include "rng.h"

#include <stddef.h>

enum text_kind {
        TEXT_WORDS,     /* like English, compresses like it */
        TEXT_REPEATING, /* one sentence over and over */
        TEXT_BASE64,    /* random, compresses to three quarters */
        TEXT_ESCAPES, /* escapes, lone surrogates, characters of all lengths, what seems JSON */
};

#define TEXT_UNIT_MAX 64 /* bytes that are made at once, at most */

struct text {
        enum text_kind kind;
        uint64_t left;
        struct rng rng;
        uint64_t bits; /* drawn and not yet used */
        unsigned n_bits;
        bool capital; /* the next word begins a sentence */
        unsigned pending_at, pending_n;
        char pending[TEXT_UNIT_MAX];
};

/* Fill the tables; once, before anything else. */
void text_tables(void);

struct text text_of(enum text_kind kind, uint64_t bytes, struct rng rng);

/* Up to room bytes; fewer only at the end. */
size_t text_read(struct text *t, char *to, size_t room);
