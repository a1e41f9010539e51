#include "sender.h"

#define CHUNK_HEAD_MAX 18 /* sixteen digits and CRLF */

/* Read so much of the body that a short one is known to be short. */
static void probe(struct sender *s, size_t bytes)
{
        while (s->probe.n < bytes && !s->body_ended) {
                char *to = buf_reserve(&s->probe, bytes - s->probe.n);
                size_t n = s->answer->body ? stream_read(s->answer->body, to, bytes - s->probe.n)
                                           : 0;

                s->probe.n += n;
                s->body_ended = n == 0;
        }
}

static uint64_t body_length(struct sender *s)
{
        if (s->body_ended)
                return s->probe.n;

        stream_rewind(s->answer->body);
        buf_clear(&s->probe);
        return stream_length(s->answer->body);
}

/* What is left of a body that is framed as if it ended where it is cut. */
static void cut_cleanly(struct sender *s)
{
        struct answer *a = s->answer;

        if (!a->clean || !s->cut || !a->body)
                return;
        a->body = stream_cut(a->body, s->cut_at);
        s->cut = false;
}

void sender_start(struct sender *s, struct answer *a, int64_t date)
{
        uint64_t length = 0;

        *s = (struct sender){ .answer = a, .cut = a->cut, .cut_at = a->cut_at };
        if (a->gzip && a->body)
                a->body = stream_gzip(a->body);
        if (s->cut && a->cut_in_percent)
                s->cut_at = (a->body ? stream_length(a->body) : 0) * a->cut_at / 100;
        cut_cleanly(s);

        probe(s, ANSWER_SHORT);
        if (a->framing == FRAMING_AUTO)
                a->framing = s->body_ended ? FRAMING_LENGTH : FRAMING_CHUNKED;
        if (a->framing == FRAMING_CHUNKED && a->http10)
                a->framing = FRAMING_CLOSE;
        if (a->framing == FRAMING_LENGTH)
                length = body_length(s) + a->claimed_more;
        if (a->framing == FRAMING_CLOSE)
                a->close = true;
        if (!a->bare)
                answer_head(a, length, date, &s->head);
}

void sender_done(struct sender *s)
{
        buf_done(&s->head);
        buf_done(&s->probe);
        *s = (struct sender){ 0 };
}

/* How many bytes of a drip may go now; 0 and the time of the next ones if none may. */
static size_t drip(struct sender *s, uint64_t bytes, uint64_t usec, uint64_t now, uint64_t *until)
{
        if (usec == 0)
                return SIZE_MAX;
        if (s->allowed == 0) {
                if (now < s->next_usec) {
                        *until = s->next_usec;
                        return 0;
                }
                s->allowed = bytes > 0 ? bytes : 1;
                s->next_usec = now + usec;
        }
        return s->allowed;
}

static size_t read_body(struct sender *s, char *to, size_t room)
{
        size_t n = s->probe.n - s->probe_at, more;

        n = n < room ? n : room;
        if (n > 0)
                memcpy(to, s->probe.p + s->probe_at, n);
        s->probe_at += n;
        while (n < room && !s->body_ended && s->answer->body) {
                more = stream_read(s->answer->body, to + n, room - n);
                s->body_ended = more == 0;
                n += more;
        }
        return n;
}

static size_t smaller(uint64_t a, uint64_t b)
{
        return (size_t)(a < b ? a : b);
}

/* Up to `room` bytes of the body, framed; 0 at its end. */
static size_t put_piece(struct sender *s, struct buf *out, size_t room)
{
        bool chunked = s->answer->framing == FRAMING_CHUNKED && !s->answer->bare;
        size_t at = out->n, n;
        char head[CHUNK_HEAD_MAX + 1];
        struct buf b = { .p = head };

        if (chunked)
                room = smaller(room, s->answer->chunk_bytes);
        (void)buf_reserve(out, room + CHUNK_HEAD_MAX + 2);
        if (!chunked) {
                n = read_body(s, out->p + at, room);
                out->n += n;
                return n;
        }

        /* The digits stand before what they count: leave as many as a full piece has. */
        b.room = sizeof(head);
        buf_printf(&b, "%zx\r\n", room);
        n = read_body(s, out->p + at + b.n, room);
        if (n == 0)
                return 0;
        if (n < room) {
                size_t reserved = b.n;

                b.n = 0;
                buf_printf(&b, "%zx\r\n", n);
                memmove(out->p + at + b.n, out->p + at + reserved, n);
        }
        memcpy(out->p + at, head, b.n);
        memcpy(out->p + at + b.n + n, "\r\n", 2);
        out->n += b.n + n + 2;
        return n;
}

static enum sender_state finish(struct sender *s, struct buf *out, bool cut, bool *ret_keep)
{
        const struct answer *a = s->answer;

        if (!cut && !a->bare && a->framing == FRAMING_CHUNKED)
                buf_puts(out, "0\r\n\r\n");
        *ret_keep = !cut && !a->bare && !a->close && !a->reset;
        return SENDER_DONE;
}

static enum sender_state fill_head(struct sender *s, struct buf *out, uint64_t now, uint64_t *until)
{
        size_t n = drip(s, s->answer->head_bytes, s->answer->head_usec, now, until);

        if (n == 0)
                return SENDER_PAUSED;
        n = smaller(n, s->head.n - s->head_at);
        buf_add(out, s->head.p + s->head_at, n);
        s->head_at += n;
        s->allowed = 0;
        return SENDER_MORE;
}

enum sender_state sender_fill(struct sender *s, struct buf *out, size_t room, uint64_t now_usec,
                              uint64_t *ret_until_usec, bool *ret_keep)
{
        const struct answer *a = s->answer;
        bool stall = a->stall && !s->released;

        *ret_until_usec = UINT64_MAX;
        while (out->n < room) {
                size_t piece = STREAM_PIECE, n;

                if (s->head_at < s->head.n) {
                        if (fill_head(s, out, now_usec, ret_until_usec) == SENDER_PAUSED)
                                return SENDER_PAUSED;
                        continue;
                }
                if (s->cut && s->sent == s->cut_at)
                        return finish(s, out, true, ret_keep);
                if (stall && s->sent == a->stall_at)
                        return SENDER_PAUSED;
                piece = smaller(piece,
                                drip(s, a->drip_bytes, a->drip_usec, now_usec, ret_until_usec));
                if (piece == 0)
                        return SENDER_PAUSED;
                if (s->cut)
                        piece = smaller(piece, s->cut_at - s->sent);
                if (stall && a->stall_at > s->sent)
                        piece = smaller(piece, a->stall_at - s->sent);
                n = put_piece(s, out, piece);
                if (n == 0)
                        return finish(s, out, s->cut && s->cut_at == UINT64_MAX, ret_keep);
                s->sent += n;
                if (a->drip_usec > 0)
                        s->allowed -= n;
        }
        return SENDER_MORE;
}
