/* `list`: the completions, a line each. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int list_archive(struct verb *v, const struct args *a);
