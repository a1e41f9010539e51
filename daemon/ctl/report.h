/* `report`: one page of HTML. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int report_archive(struct verb *v, const struct args *a);
