/* The public tools that must be able to read an archive: `zstd -dc` and its like. */
#pragma once

#include "base/buf.h"
#include "store/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the packing's own tool makes of the file. False: it failed. Where it is not installed, the
 * test goes on without it, and says so once. */
static inline bool tool_unpack(enum packing packing, const char *path, struct buf *ret)
{
        static const char *const tools[PACKINGS] = { "cat", "gzip -dc", "xz -dc", "lz4 -dc",
                                                     "zstd -dcq" };
        char command[4096 + 64], block[65536];
        size_t n;
        FILE *f;

        snprintf(command, sizeof(command), "%s <'%s'", tools[packing], path);
        f = popen(command, "r");
        if (!f)
                return false;
        while ((n = fread(block, 1, sizeof(block), f)) > 0)
                buf_add(ret, block, n);
        return pclose(f) == 0;
}

static inline bool tool_there(enum packing packing)
{
        static const char *const asks[PACKINGS] = { "command -v cat >/dev/null",
                                                    "command -v gzip >/dev/null",
                                                    "command -v xz >/dev/null",
                                                    "command -v lz4 >/dev/null",
                                                    "command -v zstd >/dev/null" };
        static int known[PACKINGS]; /* 1: there, 2: missing */

        if (!known[packing]) {
                known[packing] = system(asks[packing]) == 0 ? 1 : 2;
                if (known[packing] == 2)
                        printf("# the tool for %s is not installed: not compared with it\n",
                               packing_name(packing));
        }
        return known[packing] == 1;
}
