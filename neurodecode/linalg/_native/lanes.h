/* A vector of LANES doubles: one matrix or one channel in each lane, no lane sees another.
 *
 * Vector types of GCC and Clang. A file that includes this says first how many lanes, and for
 * which processor; the compiler then emits that processor's instructions for the same C.
 */
#ifndef NEURODECODE_LANES_H
#define NEURODECODE_LANES_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define JOIN_(name, lanes) name##_##lanes
#define JOIN(name, lanes) JOIN_(name, lanes)
#define FORM(name) JOIN(name, LANES)
#define INLINE static inline __attribute__((always_inline))
#define EXPORT __attribute__((visibility("default")))

typedef double vec __attribute__((vector_size(8 * LANES)));
typedef int64_t mask __attribute__((vector_size(8 * LANES))); /* -1 where true, 0 elsewhere */

INLINE vec splat(double x) { return (vec){0} + x; }

INLINE vec pick(mask where, vec a, vec b) { return (vec)(((mask)a & where) | ((mask)b & ~where)); }

INLINE vec absolute(vec a) { return (vec)((mask)a & INT64_MAX); }

INLINE vec with_sign_of(vec a, vec b) { return (vec)(((mask)a & INT64_MAX) | ((mask)b & INT64_MIN)); }

INLINE vec root(vec a)
{
    vec r;
    for (int lane = 0; lane < LANES; lane++) r[lane] = __builtin_sqrt(a[lane]);
    return r;
}

INLINE int any(mask where)
{
    int64_t found = 0;
    for (int lane = 0; lane < LANES; lane++) found |= where[lane];
    return found != 0;
}

/* Room for `count` vectors. `*block` is what must be freed; it is NULL without memory. */
INLINE vec *room(size_t count, void **block)
{
    *block = malloc(sizeof(vec) * (count + 1));
    return (vec *)(((uintptr_t)*block + sizeof(vec) - 1) / sizeof(vec) * sizeof(vec));
}

#endif
