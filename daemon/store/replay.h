/* What a ledger's line says, for the archive's own start and for readers alike. */
#pragma once

#include "store/frame.h"
#include "store/ledger.h"
#include "store/name.h"

#include <stdbool.h>

/* A frame line's members; false if they make no sense. *ret_name has the segment's parts. */
bool replay_frame(const struct ledger_line *line, struct frame_ref *ret, struct name *ret_name);
