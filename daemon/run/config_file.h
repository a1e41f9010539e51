/* One file of the configuration, line by line. The one owner of libinih.
 *
 * In systemd's manner: `[Section]`, `Key=Value`, comments from ; or # at the start of a line only,
 * white space around each part dropped. What systemd would read otherwise than libinih does (or
 * libinih would skip in silence) is refused. */
#pragma once

#include "base/err.h"

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes: a person wrote it */
#define CONFIG_LINE_MAX 200           /* bytes, without the newline */

/* Called for each section head (key and value NULL) and each key, in the file's order; section is
 * "" before the first head. Negative (and *e filled in) ends the reading; file and line are put in
 * front of its text. */
typedef int config_file_fn(void *ctx, unsigned line, const char *section, const char *key,
                           const char *value, struct err *e);

/* 0, or -1: what the callback said, or ERR_CONFIG with file and line, or, if the file cannot be
 * opened or read, ERR_CONFIG with its errnum. */
int config_file_read(const char *path, config_file_fn *fn, void *ctx, struct err *e);
