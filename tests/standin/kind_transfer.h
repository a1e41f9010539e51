/* The faults that make an answer of their own, or that change an answer on its way. */
#pragma once

#include "answer.h"
#include "params.h"

void kind_status(const struct params *p, struct slice body, struct answer *a);
void kind_body(const struct params *p, struct slice body, struct answer *a);
void kind_raw(const struct params *p, struct slice body, struct answer *a);
void kind_hangup(const struct params *p, struct slice body, struct answer *a);
void kind_redirect(const struct params *p, struct slice body, struct answer *a);

void kind_cut(const struct params *p, struct answer *a);
void kind_cut_at_end(const struct params *p, struct answer *a);
void kind_stall(const struct params *p, struct answer *a);
void kind_drip(const struct params *p, struct answer *a);
void kind_slow_head(const struct params *p, struct answer *a);
void kind_header_flood(const struct params *p, struct answer *a);
void kind_bad_gzip(const struct params *p, struct answer *a);
void kind_trailing(const struct params *p, struct answer *a);
void kind_bom(const struct params *p, struct answer *a);

/* What goes with any kind: framing=, gzip=, header=, latency_ms=. */
void kind_common(const struct params *p, struct answer *a);
