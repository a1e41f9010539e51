#include "record.h"

#include "awkward.h"
#include "id.h"

struct draft {
        const struct shape *shape;
        uint32_t index;
        int64_t created;
        uint32_t version;
        bool tools;
        struct rng rng; /* of the member in hand */
        struct rope *rope;
        struct buf *out; /* rope->head */
};

static void put_null(struct draft *d)
{
        buf_puts(d->out, "null");
}

static void put_object(struct draft *d)
{
        buf_puts(d->out, "\"chat.completion\"");
}

static void put_id(struct draft *d)
{
        id_json(d->shape, d->index, d->created, d->out);
}

static void put_model(struct draft *d)
{
        static const char *const models[] = {
                "\"gpt-4o-mini-2024-07-18\"", "\"gpt-4o-mini-2024-07-18\"",
                "\"gpt-4o-mini-2024-07-18\"", "\"gpt-4o-2024-08-06\"",
                "\"gpt-4.1-2025-04-14\"",
        };

        buf_puts(d->out, models[rng_below(&d->rng, 5)]);
}

static void put_created(struct draft *d)
{
        buf_i64(d->out, d->created);
}

static void put_hex(struct buf *out, uint64_t v)
{
        for (int shift = 60; shift >= 0; shift -= 4)
                buf_putc(out, "0123456789abcdef"[(v >> shift) & 15]);
}

static void put_request_id(struct draft *d)
{
        buf_puts(d->out, "\"req_");
        put_hex(d->out, rng_next(&d->rng));
        put_hex(d->out, rng_next(&d->rng));
        buf_putc(d->out, '"');
}

static void put_tool_choice(struct draft *d)
{
        buf_puts(d->out, d->tools ? "\"auto\"" : "null");
}

static void put_usage(struct draft *d)
{
        uint64_t prompt = 10 + rng_below(&d->rng, 200);
        uint64_t completion = 1 + d->shape->record_bytes / 5 + rng_below(&d->rng, 40);

        buf_puts(d->out, "{\"total_tokens\":");
        buf_u64(d->out, prompt + completion);
        buf_puts(d->out, ",\"completion_tokens\":");
        buf_u64(d->out, completion);
        buf_puts(d->out, ",\"prompt_tokens\":");
        buf_u64(d->out, prompt);
        buf_putc(d->out, '}');
}

static void put_seed(struct draft *d)
{
        buf_i64(d->out, (int64_t)rng_next(&d->rng));
}

static void put_float(struct draft *d, const char *usual)
{
        if (d->shape->awkward)
                awkward_number(&d->rng, d->out);
        else
                buf_puts(d->out, usual);
}

static void put_one(struct draft *d)
{
        put_float(d, "1.0");
}

static void put_zero(struct draft *d)
{
        put_float(d, "0.0");
}

static void put_fingerprint(struct draft *d)
{
        buf_puts(d->out, rng_one_in(&d->rng, 4) ? "\"fp_51db84afab\"" : "\"fp_560af6e559\"");
}

static void put_tier(struct draft *d)
{
        buf_puts(d->out, "\"default\"");
}

static void put_tools(struct draft *d)
{
        buf_puts(d->out, !d->tools
                                 ? "null"
                                 : "[{\"type\":\"function\",\"function\":{\"parameters\":{\"type\":"
                                   "\"object\",\"properties\":{\"location\":{\"type\":\"string\","
                                   "\"description\":\"The city and state, e.g. San Francisco, CA"
                                   "\"}},\"required\":[\"location\"]},\"name\":\"get_weather\","
                                   "\"description\":\"Get current weather\"}}]");
}

static void put_metadata(struct draft *d)
{
        bool some = !rng_one_in(&d->rng, 4);
        uint64_t customer = rng_below(&d->rng, 50);

        buf_putc(d->out, '{');
        if (some)
                buf_printf(d->out, "\"customer\":\"c-%02u\",\"sequence\":\"%u\"",
                           (unsigned)customer, (unsigned)(d->index % 10));
        if (some && d->shape->awkward) {
                buf_puts(d->out, ",\"id\":\"");
                awkward_text(&d->rng, d->rope);
                buf_puts(d->out, "\",\"\":\"\",\"\":\"again\"");
        }
        if (d->version > 0)
                buf_printf(d->out, "%s\"edited\":\"%u\"", some ? "," : "", d->version);
        buf_putc(d->out, '}');
}

static void put_tool_calls(struct draft *d)
{
        static const char *const cities[] = { "San Francisco, CA", "New York, NY", "Lisbon",
                                              "\\u00c5rhus" };

        buf_printf(
                d->out,
                "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{"
                "\\\"location\\\":\\\"%s\\\"}\"},\"id\":\"call_",
                cities[rng_below(&d->rng, 4)]);
        put_hex(d->out, rng_next(&d->rng));
        buf_puts(d->out, "\"}]");
}

static void put_answer(struct draft *d)
{
        const struct shape *s = d->shape;
        uint64_t big = shape_big_bytes(&s->bigs, d->index);
        uint64_t bytes = s->record_bytes / 2 + rng_below(&d->rng, s->record_bytes + 1);

        buf_putc(d->out, '"');
        if (big > 0)
                rope_text(d->rope, (enum text_kind)s->big_kind, big,
                          shape_rng(s, d->index, PART_ANSWER));
        else if (s->awkward && rng_one_in(&d->rng, 2))
                awkward_text(&d->rng, d->rope);
        else
                rope_text(d->rope, (enum text_kind)s->kind, bytes,
                          shape_rng(s, d->index, PART_ANSWER));
        buf_putc(d->out, '"');
}

static void put_choices(struct draft *d)
{
        bool calls = d->tools && !shape_big_bytes(&d->shape->bigs, d->index);

        buf_puts(d->out, "[{\"index\":0,\"message\":{\"content\":");
        if (calls)
                put_null(d);
        else
                put_answer(d);
        buf_puts(d->out, ",\"role\":\"assistant\",\"tool_calls\":");
        if (calls)
                put_tool_calls(d);
        else
                put_null(d);
        buf_puts(d->out, ",\"function_call\":null");
        if (d->shape->awkward && rng_one_in(&d->rng, 3))
                buf_puts(d->out, ",\"refusal\":null,\"annotations\":[]");
        buf_printf(d->out,
                   "},\"finish_reason\":\"%s\",\"logprobs\":", calls ? "tool_calls" : "stop");
        if (d->shape->awkward && rng_one_in(&d->rng, 3))
                awkward_value(&d->rng, d->rope);
        else
                put_null(d);
        buf_puts(d->out, "}]");
}

/* In the order of the live service. */
static const struct member {
        const char *name;
        void (*put)(struct draft *d);
} MEMBERS[] = {
        { "object", put_object },
        { "id", put_id },
        { "model", put_model },
        { "created", put_created },
        { "request_id", put_request_id },
        { "tool_choice", put_tool_choice },
        { "usage", put_usage },
        { "seed", put_seed },
        { "top_p", put_one },
        { "temperature", put_one },
        { "presence_penalty", put_zero },
        { "frequency_penalty", put_zero },
        { "system_fingerprint", put_fingerprint },
        { "input_user", put_null },
        { "service_tier", put_tier },
        { "tools", put_tools },
        { "metadata", put_metadata },
        { "choices", put_choices },
        { "response_format", put_null },
};

#define N_MEMBERS (sizeof(MEMBERS) / sizeof(MEMBERS[0]))

static void put_member(struct draft *d, size_t i)
{
        d->rng = shape_rng(d->shape, d->index, PART_MEMBER + i);
        if (d->out->p[d->out->n - 1] != '{')
                buf_putc(d->out, ',');
        if (d->shape->awkward) {
                awkward_key(&d->rng, MEMBERS[i].name, d->out);
        } else {
                buf_putc(d->out, '"');
                buf_puts(d->out, MEMBERS[i].name);
                buf_putc(d->out, '"');
        }
        buf_putc(d->out, ':');
        MEMBERS[i].put(d);
}

/* A member that no schema knows, or one that comes a second time; never id or created, of which a
 * record has exactly one. */
static void put_stray(struct draft *d, struct rng *rng)
{
        static const char *const strays[] = { "x_unknown",    "has_more", "data", "top_p", "",
                                              "service_tier", "first_id", "idx",  "i" };

        buf_putc(d->out, ',');
        awkward_key(rng, strays[rng_below(rng, sizeof(strays) / sizeof(strays[0]))], d->out);
        buf_putc(d->out, ':');
        awkward_value(rng, d->rope);
}

static void put_awkward(struct draft *d)
{
        struct rng rng = shape_rng(d->shape, d->index, PART_RECORD);
        size_t order[N_MEMBERS] = { 0 };
        bool shuffled = rng_one_in(&rng, 3);

        for (size_t i = 0; i < N_MEMBERS; i++) {
                size_t j = shuffled ? (size_t)rng_below(&rng, i + 1) : i;

                order[i] = order[j];
                order[j] = i;
        }
        for (size_t i = 0; i < N_MEMBERS; i++) {
                put_member(d, order[i]);
                if (rng_one_in(&rng, 12))
                        put_stray(d, &rng);
        }
}

static void put_tiny(struct draft *d)
{
        put_member(d, 1);
        put_member(d, 3);
        if (d->version > 0)
                buf_printf(d->out, ",\"metadata\":{\"edited\":\"%u\"}", d->version);
}

void record_render(const struct shape *shape, uint32_t index, int64_t created, uint32_t version,
                   struct rope *ret)
{
        struct rng tools = shape_rng(shape, index, PART_TOOLS);
        struct draft d = { .shape = shape,
                           .index = index,
                           .created = created,
                           .version = version,
                           .tools = rng_one_in(&tools, 20),
                           .rope = ret,
                           .out = &ret->head };

        buf_putc(d.out, '{');
        if (shape->tiny)
                put_tiny(&d);
        else if (shape->awkward)
                put_awkward(&d);
        else
                for (size_t i = 0; i < N_MEMBERS; i++)
                        put_member(&d, i);
        buf_putc(d.out, '}');
}
