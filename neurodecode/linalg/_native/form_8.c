/* Eight lanes: AVX-512. The target holds for this file alone, whatever the compiler is told. */
#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq")
#endif
#define LANES 8
#include "eigen.h"
#include "sections.h"
#include "block.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
