/* What is to be sent to one request, and the ways in which that may go wrong on purpose. */
#pragma once

#include "stream.h"

enum framing {
        FRAMING_AUTO, /* a length for what is short, else chunked, as the live service */
        FRAMING_LENGTH,
        FRAMING_CHUNKED,
        FRAMING_CLOSE, /* the body ends with the connection */
};

#define ANSWER_SHORT 1400 /* bytes from which the live service sends chunks */

struct answer {
        int status;
        const char *content_type; /* a static text, or NULL: no such header */
        struct buf headers;       /* further lines, each with its CRLF */
        struct stream *body;      /* NULL: none */
        enum framing framing;
        size_t chunk_bytes;
        bool gzip;
        bool bare;  /* no head: the body is all there is */
        bool close; /* the connection ends behind this answer, said in its head */
        bool http10;
        uint64_t delay_usec; /* before the first byte */

        /* Faults of the transfer; offsets count the bytes of the body as encoded. */
        bool cut, cut_in_percent; /* the connection ends behind cut_at bytes */
        bool clean;               /* … but framed as if that were all */
        bool reset;               /* … by RST */
        uint64_t cut_at;          /* UINT64_MAX: behind all of the body, which is short already */
        uint64_t claimed_more;    /* a length in the head is so much too large */
        bool stall;
        uint64_t stall_at;
        uint64_t drip_bytes, drip_usec; /* so many each so often; 0: no */
        uint64_t head_bytes, head_usec; /* the same for the head */

        uint64_t log_entry; /* the control plane's number of this request */
        bool counted;       /* … and whether it counts as in flight */
};

#define ANSWER_INIT                                                                     \
        {                                                                               \
                .status = 200, .content_type = "application/json", .chunk_bytes = 32768 \
        }

void answer_done(struct answer *a);

/* One more header line. */
void answer_header(struct answer *a, const char *name, const char *value);
/* The body becomes this text, which is taken over. */
void answer_text(struct answer *a, struct buf *take);

/* The head as it goes out; `length` counts if the framing is by length, `now` is for Date. */
void answer_head(const struct answer *a, uint64_t length, int64_t now, struct buf *ret);
