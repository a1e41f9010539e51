/* SHA-256, by libcrypto: the one owner of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE     32 /* bytes of a digest */
#define SHA256_HEX_SIZE 65 /* its lower-case hexadecimal text, NUL included */

struct sha256; /* a running digest */

struct sha256 *sha256_new(void);
struct sha256 *sha256_free(struct sha256 *s); /* takes NULL, returns NULL */
void sha256_reset(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_copy(struct sha256 *to, const struct sha256 *from); /* both go on independently */
/* The digest so far; s can be added to afterwards. */
void sha256_digest(const struct sha256 *s, uint8_t out[static SHA256_SIZE]);

/* All at once. */
void sha256(const void *p, size_t n, uint8_t out[static SHA256_SIZE]);

void sha256_hex(const uint8_t digest[static SHA256_SIZE], char out[static SHA256_HEX_SIZE]);
/* Exactly 64 lower-case hexadecimal digits, else -1. */
int sha256_unhex(const char *s, size_t n, uint8_t out[static SHA256_SIZE]);
