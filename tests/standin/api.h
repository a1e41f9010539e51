/* The API as the live service answers it. */
#pragma once

#include "service.h"

void api_answer(struct service *s, const struct request *r, uint64_t connection, struct answer *a);
