/* Where an id stands in the index. Not in the order of the ids: there a random one is 50 bytes on a
 * page of its own, for which SQLite reads one page and writes four. A key has 8 bytes, and its
 * upper part is what the id begins with: where that follows the time, as the live service's ids do,
 * a walk's keys lie side by side. The lower part is a digest with a salt that the server cannot
 * know, so that it cannot heap its ids onto one key. */
#include "store/catalog_db.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SALT_KEY   "salt"
#define PREFIX_MAX 12 /* "chatcmpl-" and the like: the same in all ids of a server */
#define BEGINS     6  /* characters: of the live service's, a second of time */
#define REST_BITS  27

int catalog_new_salt(struct catalog *c, struct err *e)
{
        char hex[SHA256_HEX_SIZE];
        uint8_t random[SHA256_SIZE];

        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
                return err_set(e, ERR_HOST, "the system has no random bytes");
        sha256_hex(random, hex);
        return catalog_set_text(c, SALT_KEY, hex, e);
}

int catalog_load_salt(struct catalog *c, struct err *e)
{
        char hex[SHA256_HEX_SIZE + 1];
        int r = catalog_get_text(c, SALT_KEY, hex, sizeof(hex), e);

        if (r < 0)
                return -1;
        return r == 0 && sha256_unhex(hex, strlen(hex), c->salt) == 0 ? 0 : CATALOG_STALE;
}

static size_t prefix(const char *id, size_t n)
{
        for (size_t i = 0; i < n && i < PREFIX_MAX; i++)
                if (id[i] == '-' || id[i] == '_')
                        return i + 1;
        return 0;
}

int64_t catalog_key(const struct catalog *c, const char *id, size_t n)
{
        char salted[SHA256_SIZE + CATALOG_ID_MAX];
        size_t from = prefix(id, n);
        uint8_t sum[SHA256_SIZE];
        uint64_t key = 0;
        uint32_t rest;

        if (n > CATALOG_ID_MAX)
                n = CATALOG_ID_MAX;
        memcpy(salted, c->salt, SHA256_SIZE);
        memcpy(salted + SHA256_SIZE, id, n);
        sha256(salted, SHA256_SIZE + n, sum);
        memcpy(&rest, sum, sizeof(rest));
        rest = le32toh(rest); /* an archive may move to another machine */
        for (size_t i = from; i < from + BEGINS; i++)
                key = key << 6 | (i < n ? (unsigned char)id[i] & 0x3f : 0);
        return (int64_t)(key << REST_BITS | (rest & ((1u << REST_BITS) - 1)));
}
