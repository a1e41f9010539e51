/* What an archive must hold, and what the store holds, one JSON object a line. */
#pragma once

#include "store.h"
#include "stream.h"

enum dump {
        DUMP_NEWEST,   /* each record that is not deleted, as it is now */
        DUMP_VISIBLE,  /* … less those that are late still */
        DUMP_SHOWN,    /* every version of every record that was ever in an answer */
        DUMP_MESSAGES, /* as an archive holds them: completion_id in front */
        DUMP_IDS,      /* all records, deleted ones too: facts about each */
};

/* By number, versions and messages in their order. */
struct stream *dump_stream(struct store *s, enum dump what);
