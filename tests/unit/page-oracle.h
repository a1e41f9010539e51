/* What a page is, said a second time and quite otherwise: a plain recursive reader of a whole text
 * in memory. What it says of any text, wire/page has to say too. */
#pragma once

#include "page-run.h"
#include "token-oracle.h"

static void oracle_value(struct oracle *o, enum place place);

static bool oracle_key(struct oracle *o, const char *name)
{
        return !o->lone && o->text.n == strlen(name) && strcmp(buf_str(&o->text), name) == 0;
}

/* What a member of the page, or of a record, is. */
static enum place oracle_place(struct oracle *o, bool page, bool record)
{
        if (record && o->kind == PAGE_MESSAGE)
                return oracle_key(o, "completion_id") ? ID : ANY;
        if (record && oracle_key(o, "id"))
                return ID;
        if (record && oracle_key(o, "created") && o->kind != PAGE_MESSAGES)
                return CREATED;
        if (page && oracle_key(o, "object"))
                return OBJECT;
        if (page && oracle_key(o, "data"))
                return DATA;
        return page && oracle_key(o, "has_more") ? MORE : ANY;
}

static void oracle_members(struct oracle *o, bool page, bool record, unsigned seen[ANY + 1])
{
        for (bool first = true;; first = false) {
                enum place place;

                oracle_white(o);
                if (oracle_peek(o) == '}')
                        return;
                if (!first)
                        oracle_expect(o, ',');
                oracle_white(o);
                if (oracle_peek(o) != '"')
                        oracle_bad(o);
                oracle_string(o, ANY);
                place = oracle_place(o, page, record);
                seen[place]++;
                if (seen[place] > 1 && place == ID && o->kind == PAGE_MESSAGE)
                        place = ANY;
                else if (seen[place] > 1 && place != ANY && place != OBJECT)
                        oracle_bad(o);
                oracle_expect(o, ':');
                oracle_value(o, place);
        }
}

static void oracle_object(struct oracle *o, enum place place)
{
        bool list = o->kind == PAGE_LIST || o->kind == PAGE_MESSAGES;
        bool page = list && place == ROOT, record = place == ELEMENT || (!list && place == ROOT);
        unsigned seen[ANY + 1] = { 0 };

        if (record) {
                o->in_record = true;
                o->created = 0;
                buf_clear(&o->record);
        }
        oracle_take(o);
        oracle_members(o, page, record, seen);
        if (record &&
            (!seen[ID] || (!seen[CREATED] && (o->kind == PAGE_LIST || o->kind == PAGE_ONE))))
                oracle_bad(o);
        if (page && (!seen[DATA] || !seen[MORE]))
                oracle_bad(o);
        oracle_take(o);
        if (record) {
                o->in_record = false;
                o->result.records++;
                run_log(&o->records, &o->record, buf_str(&o->id), o->id.n, o->created);
        }
}

static void oracle_array(struct oracle *o, bool data)
{
        oracle_take(o);
        oracle_white(o);
        if (oracle_peek(o) != ']')
                for (;;) {
                        oracle_value(o, data ? ELEMENT : ANY);
                        oracle_white(o);
                        if (oracle_peek(o) == ']')
                                break;
                        oracle_expect(o, ',');
                }
        oracle_take(o);
}

static void oracle_value(struct oracle *o, enum place place)
{
        unsigned char c;
        const char *starts = "{[\"-0123456789tfn", *at, *types = "oasnnnnnnnnnnnbbz";

        oracle_white(o);
        c = oracle_peek(o);
        at = c ? strchr(starts, c) : NULL;
        if (!at || !strchr(allowed[place], types[at - starts]))
                oracle_bad(o);
        if (c == '{' || c == '[') {
                if (++o->depth > 512)
                        oracle_bad(o);
                if (c == '{')
                        oracle_object(o, place);
                else
                        oracle_array(o, place == DATA);
                o->depth--;
        } else if (c == '"') {
                oracle_string(o, place);
                if (place == ID) {
                        buf_clear(&o->id);
                        buf_add(&o->id, buf_str(&o->text), o->text.n);
                }
        } else if (types[at - starts] == 'n') {
                oracle_number(o, place);
        } else {
                if (place == MORE)
                        o->result.has_more = c == 't';
                oracle_word(o, c == 't' ? "true" : c == 'f' ? "false" : "null");
        }
}

/* 0, PAGE_CUT or -1. */
static int oracle_read(struct oracle *o, enum page_kind kind, const char *text, size_t n)
{
        o->kind = kind;
        o->p = (const unsigned char *)text;
        o->n = n;
        o->i = o->depth = 0;
        o->in_record = false;
        o->result = (struct page_result){ 0 };
        buf_clear(&o->record);
        buf_clear(&o->records);
        buf_clear(&o->id);
        switch (setjmp(o->out)) {
        case 0:
                oracle_value(o, ROOT);
                oracle_white(o);
                return o->i == n ? 0 : -1;
        case 1:
                return -1;
        default:
                return PAGE_CUT;
        }
}

static void oracle_done(struct oracle *o)
{
        buf_done(&o->record);
        buf_done(&o->records);
        buf_done(&o->id);
        buf_done(&o->text);
}
