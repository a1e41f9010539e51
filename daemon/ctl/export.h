/* `export`: chat fine-tuning JSONL. */
#pragma once

#include "ctl/args.h"
#include "ctl/verb.h"

int export_archive(struct verb *v, const struct args *a);
