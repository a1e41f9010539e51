/* `show`: one conversation. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int showing_archive(struct verb *v, const struct args *a);
