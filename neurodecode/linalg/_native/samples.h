/* Samples as files hold them, to rows of float: value * gain + offset, in double inside.
 *
 * A file is records of equal length, `record` bytes apart; a channel has `count` samples in each,
 * `step` bytes apart. Record by record, so that what is read stays in the fastest cache; the
 * compiler makes vectors of this form's width.
 */
#include "lanes.h"

typedef struct {
    int64_t record, step, n_records, count;
} layout;

/* A kind of sample: how one is taken from the bytes at `p`. */
#define DEFINE_ROW(name, take)                                                                     \
    static void row_of_##name(const uint8_t *in, layout l, double gain, double offset, float *out) \
    {                                                                                              \
        for (int64_t t = 0; t < l.count; t++) {                                                    \
            const uint8_t *p = in + t * l.step;                                                    \
            out[t] = (float)((double)(take) * gain + offset);                                      \
        }                                                                                          \
    }

INLINE int16_t short_at(const uint8_t *p)
{
    int16_t x;
    __builtin_memcpy(&x, p, 2);
    return x;
}

INLINE float swapped_at(const uint8_t *p)
{
    uint32_t bits;
    float x;
    __builtin_memcpy(&bits, p, 4);
    bits = __builtin_bswap32(bits);
    __builtin_memcpy(&x, &bits, 4);
    return x;
}

DEFINE_ROW(shorts, short_at(in + 2 * t))
DEFINE_ROW(triples, (int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24) >> 8)
DEFINE_ROW(floats, swapped_at(p))

/* `starts` are the channels' first bytes in a record; `out` has one row a channel, `width` samples
 * apart. `kind` is the size of a sample: 2 and 3, integers with the low byte first; 4, floats with
 * the high byte first. Samples of 2 bytes lie side by side. */
EXPORT void FORM(samples)(const uint8_t *in, int64_t kind, int64_t record, int64_t step,
                          int64_t n_records, int64_t count, const int64_t *starts,
                          const double *gains, const double *offsets, int64_t n_rows, float *out,
                          int64_t width)
{
    layout l = {record, step, n_records, count};
    for (int64_t r = 0; r < n_records; r++, in += record, out += count)
        for (int64_t row = 0; row < n_rows; row++) {
            const uint8_t *from = in + starts[row];
            float *to = out + row * width;
            if (kind == 2) row_of_shorts(from, l, gains[row], offsets[row], to);
            if (kind == 3) row_of_triples(from, l, gains[row], offsets[row], to);
            if (kind == 4) row_of_floats(from, l, gains[row], offsets[row], to);
        }
}
