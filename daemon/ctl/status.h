/* chatarchivectl status: what a person, or a monitor, asks first. */
#pragma once

#include "ctl/verb.h"

#define STATUS_NO_AGE (-1)

/* max_age (usec): VERB_NOT when the last complete full walk is older, or there is none;
 * STATUS_NO_AGE: it may be of any age. An enum verb_exit. */
int status_archive(const struct verb *v, usec_t max_age, bool json);
