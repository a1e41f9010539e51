/* What the fuzz targets share. A target takes any bytes and ends the process where something does
 * not hold; it depends on nothing but them. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* In each build, whatever NDEBUG says. */
#define REQUIRE(cond)                                                                      \
        do {                                                                               \
                if (!(cond)) {                                                             \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
                        abort();                                                           \
                }                                                                          \
        } while (0)

/* The next byte of the input, 0 behind its end. */
static inline unsigned fuzz_byte(const uint8_t **data, size_t *n)
{
        if (*n == 0)
                return 0;
        --*n;
        return *(*data)++;
}
