/* Second-order sections along rows, one row in each lane: forwards and backwards, or forwards alone.
 *
 * Transposed direct form II, as in SciPy. Samples lie time-major in one line of vectors; a chunk
 * of it is read, runs through all sections and is written while it is in the fastest cache.
 */
#include "lanes.h"

enum { CHUNK = 256, GROUP = 4 }; /* the states of 4 sections fit the registers */

typedef struct {
    vec b0, b1, b2, a1, a2;
} section;

INLINE section section_from(const double *six) /* b0, b1, b2, 1, a1, a2 */
{
    return (section){splat(six[0]), splat(six[1]), splat(six[2]), splat(six[4]), splat(six[5])};
}

INLINE void sweep_group(vec *line, int64_t count, int64_t step, const section *s, vec *state, int n)
{
    vec z[2 * GROUP];
    for (int k = 0; k < 2 * n; k++) z[k] = state[k];
    for (int64_t t = 0; t < count; t++, line += step) {
        vec x = *line;
#pragma GCC unroll 4
        for (int k = 0; k < n; k++) {
            vec y = z[2 * k] + s[k].b0 * x;
            z[2 * k] = z[2 * k + 1] + s[k].b1 * x - s[k].a1 * y;
            z[2 * k + 1] = s[k].b2 * x - s[k].a2 * y;
            x = y;
        }
        *line = x;
    }
    for (int k = 0; k < 2 * n; k++) state[k] = z[k];
}

/* All sections over `count` samples from `line` on, in steps of 1 or -1. */
static void sweep(vec *line, int64_t count, int64_t step, const section *s, vec *state, int64_t n)
{
    for (; n >= GROUP; n -= GROUP, s += GROUP, state += 2 * GROUP)
        sweep_group(line, count, step, s, state, GROUP);
    if (n == 3) sweep_group(line, count, step, s, state, 3);
    if (n == 2) sweep_group(line, count, step, s, state, 2);
    if (n == 1) sweep_group(line, count, step, s, state, 1);
}

typedef struct {
    const void *in;
    void *out;
    int wide; /* double, else float */
    int64_t first, n_rows, n_times;
} rows;

INLINE int64_t row_of(const rows *r, int lane)
{
    int64_t row = r->first + lane; /* lanes without a row of their own repeat the last one */
    return (row < r->n_rows ? row : r->n_rows - 1) * r->n_times;
}

INLINE vec sample(const rows *r, int64_t t)
{
    vec x;
    for (int lane = 0; lane < LANES; lane++)
        x[lane] = r->wide ? ((const double *)r->in)[row_of(r, lane) + t]
                          : ((const float *)r->in)[row_of(r, lane) + t];
    return x;
}

/* Samples t..t+count into the line; outside of the rows their odd reflection at the ends. */
static void read_chunk(const rows *r, vec *line, int64_t t, int64_t count)
{
    int64_t last = r->n_times - 1, end = t + count;
    for (; t < 0 && t < end; t++) *line++ = 2.0 * sample(r, 0) - sample(r, -t);
    int64_t inside = end < r->n_times ? end : r->n_times;
    if (r->wide)
        for (; t < inside; t++) *line++ = sample(r, t);
    else
        for (; t < inside; t++) *line++ = sample(r, t);
    for (; t < end; t++) *line++ = 2.0 * sample(r, last) - sample(r, 2 * last - t);
}

static void write_chunk(const rows *r, const vec *line, int64_t t, int64_t count)
{
    int64_t end = t + count < r->n_times ? t + count : r->n_times;
    int used = r->n_rows - r->first < LANES ? (int)(r->n_rows - r->first) : LANES;
    int64_t from = t < 0 ? 0 : t;
    for (int lane = 0; lane < used; lane++) {
        const double *y = (const double *)(line + (from - t)) + lane;
        int64_t row = row_of(r, lane);
        if (r->wide)
            for (int64_t i = from; i < end; i++, y += LANES) ((double *)r->out)[row + i] = *y;
        else
            for (int64_t i = from; i < end; i++, y += LANES) ((float *)r->out)[row + i] = (float)*y;
    }
}

static void set_state(vec *state, const double *steady, vec first, int64_t n)
{
    for (int64_t k = 0; k < 2 * n; k++) state[k] = steady[k] * first;
}

/* `in` may be `out`. Rows (n_rows, n_times) of double (wide) or float; sections (n, 6) with a0 = 1; steady (n, 2)
 * is their state after a long input of ones. Returns 0, or -1 without memory. */
EXPORT int FORM(sections)(const void *in, void *out, int wide, int64_t n_rows, int64_t n_times,
                          int64_t n_pad, const double *sections, const double *steady, int64_t n)
{
    void *block;
    int64_t total = n_times + 2 * n_pad;
    vec *line = room((size_t)(total + 7 * n), &block), *state = line + total;
    section *s = (section *)(state + 2 * n);
    if (block == NULL) return -1;
    for (int64_t k = 0; k < n; k++) s[k] = section_from(sections + 6 * k);
    for (int64_t first = 0; first < n_rows; first += LANES) {
        rows r = {in, out, wide, first, n_rows, n_times};
        for (int64_t t = 0; t < total; t += CHUNK) {
            int64_t count = total - t < CHUNK ? total - t : CHUNK;
            read_chunk(&r, line + t, t - n_pad, count);
            if (t == 0) set_state(state, steady, *line, n);
            sweep(line + t, count, 1, s, state, n);
        }
        set_state(state, steady, line[total - 1], n);
        for (int64_t end = total; end > 0; end -= CHUNK) {
            int64_t count = end < CHUNK ? end : CHUNK;
            sweep(line + end - 1, count, -1, s, state, n);
            write_chunk(&r, line + end - count, end - count - n_pad, count);
        }
    }
    free(block);
    return 0;
}

/* Forwards alone: `states` (n, n_rows, 2) are what the samples before have left, and what these
 * leave. A row gets the same bits however it is cut into calls. */
EXPORT int FORM(forward)(const void *in, void *out, int wide, int64_t n_rows, int64_t n_times,
                         const double *sections, double *states, int64_t n)
{
    void *block;
    vec *line = room((size_t)(CHUNK + 7 * n), &block), *state = line + CHUNK;
    section *s = (section *)(state + 2 * n);
    if (block == NULL) return -1;
    for (int64_t k = 0; k < n; k++) s[k] = section_from(sections + 6 * k);
    for (int64_t first = 0; first < n_rows; first += LANES) {
        rows r = {in, out, wide, first, n_rows, n_times};
        for (int lane = 0; lane < LANES; lane++) {
            int64_t row = first + lane < n_rows ? first + lane : n_rows - 1;
            for (int64_t k = 0; k < 2 * n; k++)
                state[k][lane] = states[(k / 2 * n_rows + row) * 2 + k % 2];
        }
        for (int64_t t = 0; t < n_times; t += CHUNK) {
            int64_t count = n_times - t < CHUNK ? n_times - t : CHUNK;
            read_chunk(&r, line, t, count);
            sweep(line, count, 1, s, state, n);
            write_chunk(&r, line, t, count);
        }
        for (int lane = 0; lane < LANES && first + lane < n_rows; lane++)
            for (int64_t k = 0; k < 2 * n; k++)
                states[(k / 2 * n_rows + first + lane) * 2 + k % 2] = state[k][lane];
    }
    free(block);
    return 0;
}
