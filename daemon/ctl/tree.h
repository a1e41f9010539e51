/* The three stream folders: what lies there. */
#pragma once

#include "ctl/damage.h"
#include "ctl/shelf.h"

#include <stdint.h>

/* Put every segment onto the shelf. Everything else that is there (other names, symbolic links,
 * folders that are none of ours) is damage; a folder that cannot be read is told as unread.
 * *ret_bytes: of all segments. */
void tree_list(int dirfd, struct shelf *shelf, struct damage *d, uint64_t *ret_bytes);
