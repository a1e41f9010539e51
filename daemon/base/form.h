/* The form of a JSON text left aside: a digest of its values. Two texts that say the same in another
 * order or spelling have the same digest; any other two differ, as sure as SHA-256 is.
 *
 * The same are:
 *   - an object's members in any order, but for members with the same key: of those the order counts
 *     (a reader takes the first, or the last), and so does their number;
 *   - a string however it is escaped: / and \/, A and \u0041, a character past U+FFFF and its pair of
 *     surrogates. A surrogate without its partner is a value of its own;
 *   - any white space between tokens, or none.
 * Not the same are numbers that are written otherwise (1 and 1.0 and 1e0: archived numbers stay
 * text), other elements or another order of an array, and null and no member at all.
 *
 * How: a container's digest is made of those of its values (base/fold), SHA-256 throughout: with 128
 * bits or a plain sum of members, whoever may write the metadata could make two texts that differ
 * and pass for one. An object's members are sorted by key before they are digested, not added up:
 * a sum of random-looking numbers yields to the generalized birthday attack with a few hundred
 * members. The order within an object is forgotten only while its members fit into a fixed place
 * (FOLD_MEMBERS_MAX for all open objects together; a completion has some dozen); past that, texts
 * in another order may differ. So what errs, errs to `different`: a version too many, never one
 * too few.
 *
 * Memory is bounded whatever the text: no token is kept whole. */
#pragma once

#include "base/fold.h"
#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>

#define FORM_DEPTH_MAX FOLD_DEPTH_MAX /* deeper: FORM_NONE */
#define FORM_NONE      1

struct form;

struct form *form_new(void);
struct form *form_free(struct form *f); /* takes NULL, returns NULL */
void form_reset(struct form *f);        /* a new text begins */

/* More of the text, in any pieces. */
void form_add(struct form *f, const char *p, size_t n);
/* The text has ended: its digest. FORM_NONE, *ret untouched: it is not one value, whole and not too
 * deep. That numbers are numbers and strings UTF-8 is not checked: wire/page did that. */
int form_digest(struct form *f, uint8_t ret[static SHA256_SIZE]);
