/* The command line. */
#pragma once

#include "answer.h"
#include "select.h"

enum auth { AUTH_ANY, AUTH_BEARER, AUTH_API_KEY };

struct options {
        uint64_t port;
        bool watch_stdin;
        struct shape shape;
        struct store_plan plan;
        bool pretty;
        bool shuffle_keys;
        uint64_t limit_max; /* 0: none */
        bool ignore_limit;
        uint64_t latency_ms, jitter_ms;
        const char *key; /* NULL: any will do */
        uint64_t auth;   /* enum auth */
        const char *project;
        bool gzip;
        uint64_t framing; /* enum framing */
        uint64_t chunk_bytes;
        uint64_t cursor, unknown_cursor; /* enums of select.h */
        uint64_t date;                   /* epoch seconds for Date; 0: the real time */
        uint64_t log_max;
};

/* Ends the program for --help and for what it does not understand. */
void options_parse(int argc, char **argv, struct options *ret);
