/* Images, sounds and files within messages, as a line: of which type, how large, where from. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

/* Append "image/png, 12.3K" for a data: URL (its decoded size), else the address, shown and cut.
 * What is no string: "?". */
void media_url(const struct json *url, struct buf *out);
/* Append the decoded size of base64: "12.3K". */
void media_size(const struct json *base64, struct buf *out);
