/* Is somebody writing to the archive? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum writer {
        WRITER_UNKNOWN,
        WRITER_NONE,
        WRITER_THERE,
};

/* Whether a process holds the lock of the ledger that is open as fd; *ret_pid is its number, 0 if
 * that is not known. Asks the kernel's list and never the lock itself: even a shared lock, taken
 * for a moment, could turn away a writer that starts in it. Processes in containers that this one
 * does not see are not in that list. */
enum writer writer_find(int fd, int64_t *ret_pid);

/* Whether that process was started to walk once, as its command line tells; nothing else does. False
 * also if it cannot be read. */
bool writer_is_once(int64_t pid);
