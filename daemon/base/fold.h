/* Values of a JSON text folded into one value of fixed size, a container at a time: what base/form
 * is built on. Knows nothing of bytes and tokens. */
#pragma once

#include "base/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLD_DEPTH_MAX   512  /* open containers; wire/page takes no deeper text */
#define FOLD_MEMBERS_MAX 1024 /* of all open objects, kept until they can be put in order: 72 KiB */

/* A short scalar itself, or the digest of anything longer. `kind` keeps the two apart, so that no
 * text can pass for a digest. */
struct fold_value {
        uint8_t kind; /* FOLD_STRING to FOLD_WORD: plus the length; or FOLD_DIGEST */
        uint8_t bytes[SHA256_SIZE];
};

enum { FOLD_STRING = 0, FOLD_NUMBER = 64, FOLD_WORD = 128, FOLD_DIGEST = 255 };

struct fold;

struct fold *fold_new(void);
struct fold *fold_free(struct fold *f); /* takes NULL, returns NULL */
void fold_reset(struct fold *f);        /* nothing is open */

/* Open a container within the one in hand; false at FOLD_DEPTH_MAX. */
bool fold_open(struct fold *f, bool object);
size_t fold_depth(const struct fold *f);
bool fold_is_object(const struct fold *f); /* the innermost one */
/* In an object: a member's key, then its value; in an array: an element. Something must be open. */
void fold_key(struct fold *f, const struct fold_value *key);
void fold_add(struct fold *f, const struct fold_value *value);
/* Close the innermost container: its value, which the caller then adds to the next one. */
void fold_close(struct fold *f, struct fold_value *ret);
