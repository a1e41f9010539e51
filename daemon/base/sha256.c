#include "base/sha256.h"
#include "base/mem.h"

#include <openssl/evp.h>

struct sha256 {
        EVP_MD_CTX *md;
        EVP_MD_CTX *scratch; /* where a copy is finished, so that the original goes on */
};

/* Looked up once: EVP_sha256() alone makes libcrypto 3 fetch the implementation at every start of a
 * digest, which costs more than digesting a short record. */
static const EVP_MD *sha256_md(void)
{
        static EVP_MD *md;

        if (!md)
                md = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!md)
                abort();
        return md;
}

static void must(int ok)
{
        if (ok != 1)
                abort(); /* libcrypto fails here only without memory or without SHA-256 */
}

struct sha256 *sha256_new(void)
{
        struct sha256 *s = mem_new(sizeof(*s));

        s->md = EVP_MD_CTX_new();
        s->scratch = EVP_MD_CTX_new();
        if (!s->md || !s->scratch)
                abort();
        sha256_reset(s);
        return s;
}

struct sha256 *sha256_free(struct sha256 *s)
{
        if (s) {
                EVP_MD_CTX_free(s->md);
                EVP_MD_CTX_free(s->scratch);
                free(s);
        }
        return NULL;
}

void sha256_reset(struct sha256 *s)
{
        must(EVP_DigestInit_ex(s->md, sha256_md(), NULL));
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
        must(EVP_DigestUpdate(s->md, p, n));
}

void sha256_copy(struct sha256 *to, const struct sha256 *from)
{
        must(EVP_MD_CTX_copy_ex(to->md, from->md));
}

void sha256_digest(const struct sha256 *s, uint8_t out[static SHA256_SIZE])
{
        must(EVP_MD_CTX_copy_ex(s->scratch, s->md));
        must(EVP_DigestFinal_ex(s->scratch, out, NULL));
}

void sha256(const void *p, size_t n, uint8_t out[static SHA256_SIZE])
{
        static EVP_MD_CTX *md;

        if (!md)
                md = EVP_MD_CTX_new();
        if (!md)
                abort();
        must(EVP_DigestInit_ex(md, sha256_md(), NULL));
        must(EVP_DigestUpdate(md, p, n));
        must(EVP_DigestFinal_ex(md, out, NULL));
}

void sha256_hex(const uint8_t digest[static SHA256_SIZE], char out[static SHA256_HEX_SIZE])
{
        static const char hex[] = "0123456789abcdef";

        for (size_t i = 0; i < SHA256_SIZE; i++) {
                out[2 * i] = hex[digest[i] >> 4];
                out[2 * i + 1] = hex[digest[i] & 15];
        }
        out[2 * SHA256_SIZE] = '\0';
}

static int nibble(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

int sha256_unhex(const char *s, size_t n, uint8_t out[static SHA256_SIZE])
{
        uint8_t tmp[SHA256_SIZE];

        if (n != 2 * SHA256_SIZE)
                return -1;
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                int hi = nibble(s[2 * i]), lo = nibble(s[2 * i + 1]);

                if (hi < 0 || lo < 0)
                        return -1;
                tmp[i] = (uint8_t)(hi << 4 | lo);
        }
        for (size_t i = 0; i < SHA256_SIZE; i++)
                out[i] = tmp[i];
        return 0;
}
