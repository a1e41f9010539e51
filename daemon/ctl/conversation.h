/* A completion as a person reads it: what was asked, what was answered, and what became of it. From
 * JSON texts to v->out, in pieces, so that a giant needs no memory. Nothing raw from a record comes
 * out but its newlines: control characters are shown (ctl/show). What is in a message stands behind
 * four spaces, so that none can pass for what stands around it. Each text was parsed whole. */
#pragma once

#include "base/json.h"
#include "ctl/verb.h"

/* ID, model, created, tokens, finish reasons, tools, metadata: the lines on top. */
void conversation_head(const struct verb *v, const struct json *completion);
/* One of these lines; the value is shown. */
void conversation_field(const struct verb *v, const char *name, const char *value);
/* One message: of the prompt, or of the answer (choices[].message). Role as a heading, text, tool
 * calls with name and arguments, refusals; images, audio and files as a line with type and size
 * (of a data: URL its decoded size, of another its address). */
void conversation_message(const struct verb *v, const struct json *message);
/* All answers: each choice, numbered if there are several, with its finish reason if that is not
 * "stop". */
void conversation_answer(const struct verb *v, const struct json *completion);
/* A line of changes: "2026-11-01 08:30:15 UTC  version 2" and the like. */
void conversation_change(const struct verb *v, const struct json *change);

/* The texts of a message alone, each with a newline: of -o cat. */
void conversation_texts(const struct verb *v, const struct json *message);
/* The same of all answers. */
void conversation_answer_texts(const struct verb *v, const struct json *completion);
