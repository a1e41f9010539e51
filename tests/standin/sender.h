/* An answer on its way: head, framing, pace, and the point at which it is cut. */
#pragma once

#include "answer.h"

enum sender_state {
        SENDER_MORE,
        SENDER_PAUSED, /* nothing until the time that was returned, or a release */
        SENDER_DONE,   /* all was handed out; *ret_keep says whether the connection lives on */
};

struct sender {
        struct answer *answer; /* the caller's */
        struct buf head;
        size_t head_at;
        struct buf probe; /* what was read of the body to choose the framing */
        size_t probe_at;
        bool body_ended, released;
        bool cut; /* as answer->cut, its percentage worked out */
        uint64_t cut_at, sent;
        uint64_t allowed, next_usec; /* of a drip */
};

/* date: epoch seconds, for the head. The answer must stay until sender_done(). */
void sender_start(struct sender *s, struct answer *answer, int64_t date);
void sender_done(struct sender *s);

/* Append up to about `room` bytes to out. */
enum sender_state sender_fill(struct sender *s, struct buf *out, size_t room, uint64_t now_usec,
                              uint64_t *ret_until_usec, bool *ret_keep);
