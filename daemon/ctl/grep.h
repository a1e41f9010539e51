/* `grep`: the lines that a pattern (PCRE2) finds. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int grep_archive(struct verb *v, const struct args *a);
