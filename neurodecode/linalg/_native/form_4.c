/* Four lanes: AVX2. The target holds for this file alone, whatever the compiler is told. */
#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LANES 4
#include "eigen.h"
#include "sections.h"
#include "block.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
