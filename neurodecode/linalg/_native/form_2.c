/* Two lanes: SSE2, which every x86-64 has; on other machines what the compiler makes of it. */
#define LANES 2
#include "eigen.h"
#include "sections.h"
#include "block.h"

/* Lanes of the widest form that this processor and its system can run. */
EXPORT int widest_form(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return 8;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 4;
#endif
    return 2;
}
