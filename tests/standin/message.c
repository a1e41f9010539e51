#include "message.h"

#include "awkward.h"

uint32_t message_count(const struct shape *shape, uint32_t index)
{
        struct rng rng = shape_rng(shape, index, PART_COUNT);
        uint32_t n = (uint32_t)rng_below(&rng, shape->prompts_max + 1);

        return n == 0 && shape_big_bytes(&shape->big_prompts, index) > 0 ? 1 : n;
}

/* What the service does with a message of several parts: objects with a key for each type. */
static void put_parts(struct rng *rng, struct rope *ret)
{
        buf_puts(&ret->head, "[{\"type\":\"text\",\"text\":\"Whose logo is this?: \","
                             "\"image_url\":null,\"input_audio\":null,\"file\":null},"
                             "{\"type\":\"image_url\",\"text\":null,\"image_url\":{\"url\":"
                             "\"data:image/png;base64,");
        rope_text(ret, TEXT_BASE64, 2000 + 4 * rng_below(rng, 2000), (struct rng){ rng_next(rng) });
        buf_puts(&ret->head, "\",\"detail\":\"auto\"},\"input_audio\":null,\"file\":null}]");
}

void message_render(const struct shape *shape, struct slice completion, uint32_t index,
                    uint32_t which, struct rope *ret)
{
        struct rng rng = shape_rng(shape, index, (uint64_t)PART_MESSAGE + which);
        uint64_t big = which == 0 ? shape_big_bytes(&shape->big_prompts, index) : 0;
        uint64_t bytes = shape->prompt_bytes / 2 + rng_below(&rng, shape->prompt_bytes + 1);
        struct buf id = { 0 };

        buf_slice(&id, completion);
        buf_printf(&id, "-%u", which);
        buf_puts(&ret->head, "{\"id\":");
        buf_json(&ret->head, buf_as_slice(&id));
        buf_done(&id);

        buf_printf(&ret->head, ",\"role\":\"%s\",\"content\":\"",
                   which == 0 && rng_one_in(&rng, 3) ? "system" : "user");
        if (big > 0)
                rope_text(ret, (enum text_kind)shape->big_kind, big, rng);
        else if (shape->awkward && rng_one_in(&rng, 2))
                awkward_text(&rng, ret);
        else
                rope_text(ret, (enum text_kind)shape->kind, bytes, (struct rng){ rng_next(&rng) });
        buf_puts(&ret->head, "\",\"content_parts\":");
        if (big == 0 && shape->prompt_bytes > 0 && rng_one_in(&rng, 50))
                put_parts(&rng, ret);
        else
                buf_puts(&ret->head, "null");
        buf_puts(&ret->head, ",\"name\":null");
        if (shape->awkward && rng_one_in(&rng, 4)) {
                buf_puts(&ret->head, ",\"completion_id\":");
                awkward_value(&rng, ret);
        }
        buf_putc(&ret->head, '}');
}
