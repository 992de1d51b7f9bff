/* Spatial filters, temporal filters, batch norm, ELU and mean pool of one batch, and their gradients.
 *
 * Twice as many floats side by side as doubles. Samples lie in lanes, several vectors of them in
 * registers for each broadcast coefficient. Rows of z and u are padded with zeros to ROUND.
 */
#include "lanes.h"
#include <string.h>

typedef float fvec __attribute__((vector_size(8 * LANES), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(8 * LANES), aligned(4)));
enum { WIDE = 2 * LANES, HELD = 8, TILE = 4, ROUND = 16 };

typedef struct {
    int64_t batch, channels, times, filters, depth, taps, left, out, pool;
} block_sizes; /* filters F of `taps` samples, `depth` D spatial filters each */

INLINE fvec load(const float *p) { return *(const fvec *)p; }
INLINE void store(float *p, fvec x) { *(fvec *)p = x; }
INLINE fvec fill(float x) { return (fvec){0} + x; }
INLINE fvec choose(ivec where, fvec a, fvec b) { return (fvec)(((ivec)a & where) | ((ivec)b & ~where)); }
INLINE int64_t rounded(int64_t n) { return (n + ROUND - 1) / ROUND * ROUND; }
INLINE int64_t z_length(const block_sizes *s) { return rounded(s->out) + rounded(s->taps); }

INLINE float total(fvec x)
{
    float sum = 0;
    for (int lane = 0; lane < WIDE; lane++) sum += x[lane];
    return sum;
}

/* exp(x) - 1 for x <= 0: a power of two, and a series on half an octave. */
INLINE fvec decay(fvec x)
{
    x = choose(x < -87.0f, fill(-87.0f), x);
    ivec n = __builtin_convertvector(x * 1.44269504f - 0.5f, ivec);
    fvec k = __builtin_convertvector(n, fvec), r = x - k * 0.693359375f + k * 2.12194440e-4f;
    fvec p = 1.0f / 720 + r * (1.0f / 5040);
    p = 1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * p));
    p = r + r * r * (0.5f + r * p);
    fvec scale = (fvec)((n + 127) << 23);
    return scale * p + (scale - 1.0f);
}

/* sum[q][lane] += sum_k w[k] in[q WIDE + lane + k]. Taps WIDE apart read the same vectors: TILE of
 * them are held while HELD + TILE - 1 vectors pass, so that products and not loads set the pace. */
INLINE void add_taps(fvec *sum, const float *in, const float *w, int64_t taps)
{
    int64_t k = 0;
    for (; k + TILE * WIDE <= taps; k += TILE * WIDE)
        for (int j = 0; j < WIDE; j++) {
            fvec held[TILE];
            for (int i = 0; i < TILE; i++) held[i] = fill(w[k + j + i * WIDE]);
#pragma GCC unroll 16
            for (int p = 0; p < HELD + TILE - 1; p++) {
                fvec x = load(in + k + j + p * WIDE);
#pragma GCC unroll 4
                for (int i = 0; i < TILE; i++)
                    if (p >= i && p < i + HELD) sum[p - i] += x * held[i];
            }
        }
    for (; k < taps; k++)
        for (int q = 0; q < HELD; q++) sum[q] += load(in + k + q * WIDE) * w[k];
}

/* out[t] = sum_k w[k] in[t + k] for t < n, a multiple of ROUND. */
static void correlate(const float *in, const float *w, int64_t taps, float *out, int64_t n)
{
    const int64_t step = HELD * WIDE;
    for (int64_t t = 0; n >= step && t < n; t += step) {
        if (t + step > n) t = n - step; /* the last block overlaps the one before it */
        fvec sum[HELD] = {{0}};
        add_taps(sum, in + t, w, taps);
        for (int q = 0; q < HELD; q++) store(out + t + q * WIDE, sum[q]);
    }
    for (int64_t t = 0; n < step && t < n; t += WIDE) {
        fvec sum = {0};
        for (int64_t k = 0; k < taps; k++) sum += load(in + t + k) * w[k];
        store(out + t, sum);
    }
}

/* out[k], out[k + WIDE], ... += sum_t a[t] b[t + k] for TILE lags and n samples, held as above. */
INLINE void far_lags(const float *a, const float *b, int64_t n, double *out)
{
    fvec sum[TILE][2] = {{{0}}};
    int64_t t = 0;
    for (; t + HELD * WIDE <= n; t += HELD * WIDE)
#pragma GCC unroll 16
        for (int p = 0; p < HELD + TILE - 1; p++) {
            fvec x = load(b + t + p * WIDE);
#pragma GCC unroll 4
            for (int i = 0; i < TILE; i++)
                if (p >= i && p < i + HELD) sum[i][p % 2] += load(a + t + (p - i) * WIDE) * x;
        }
    for (; t < n; t += WIDE)
        for (int i = 0; i < TILE; i++) sum[i][0] += load(a + t) * load(b + t + i * WIDE);
    for (int i = 0; i < TILE; i++) out[i * WIDE] += total(sum[i][0] + sum[i][1]);
}

/* out[k] += sum_t a[t] b[t + k] for all lags k < taps and n samples, a multiple of ROUND. */
static void lags(const float *a, const float *b, int64_t n, double *out, int64_t taps)
{
    int64_t k = 0;
    for (; k + TILE * WIDE <= taps; k += TILE * WIDE)
        for (int j = 0; j < WIDE; j++) far_lags(a, b + k + j, n, out + k + j);
    for (; k < taps; k++) {
        fvec sum = {0};
        for (int64_t t = 0; t < n; t += WIDE) sum += load(a + t) * load(b + t + k);
        out[k] += total(sum);
    }
}

/* `count` vectors of samples of z = spaces x, all rows; rows of z are `row` apart. */
INLINE void mix_at(const float *x, const float *spaces, float *z, int64_t n_held, int64_t row,
                   const block_sizes *s, int count)
{
    for (int64_t i = 0; i < n_held; i += TILE, spaces += TILE * s->channels, z += TILE * row) {
        fvec sum[TILE][3] = {{{0}}};
        for (int64_t c = 0; c < s->channels; c++) {
            fvec samples[3];
            for (int q = 0; q < count; q++) samples[q] = load(x + c * s->times + q * WIDE);
            for (int r = 0; r < TILE; r++)
                for (int q = 0; q < count; q++)
                    sum[r][q] += samples[q] * spaces[r * s->channels + c];
        }
        for (int r = 0; r < TILE; r++)
            for (int q = 0; q < count; q++) store(z + r * row + q * WIDE, sum[r][q]);
    }
}

/* z = spaces x for one trial. */
static void mix(const float *x, const float *spaces, float *z, int64_t n_held, const block_sizes *s)
{
    int64_t t = 0, row = z_length(s);
    for (; t + 3 * WIDE <= s->times; t += 3 * WIDE) mix_at(x + t, spaces, z + t, n_held, row, s, 3);
    for (; t + WIDE <= s->times; t += WIDE) mix_at(x + t, spaces, z + t, n_held, row, s, 1);
    for (; t < s->times; t++)
        for (int64_t i = 0; i < n_held; i++) {
            float sum = 0;
            for (int64_t c = 0; c < s->channels; c++)
                sum += x[c * s->times + t] * spaces[i * s->channels + c];
            z[i * row + t] = sum;
        }
}

/* out (TILE rows, channels) += d x' for `count` channels of one trial; rows of d are `row` apart. */
INLINE void mix_back_at(const float *x, const float *d, int64_t row, double *out,
                        const block_sizes *s, int count)
{
    fvec sum[TILE][2] = {{{0}}};
    int64_t t = 0;
    for (; t + WIDE <= s->times; t += WIDE)
        for (int i = 0; i < TILE; i++)
            for (int c = 0; c < count; c++)
                sum[i][c] += load(d + i * row + t) * load(x + c * s->times + t);
    for (int i = 0; i < TILE; i++)
        for (int c = 0; c < count; c++) {
            float rest = total(sum[i][c]);
            for (int64_t r = t; r < s->times; r++) rest += d[i * row + r] * x[c * s->times + r];
            out[i * s->channels + c] += rest;
        }
}

static void mix_back(const float *x, const float *d, int64_t row, double *out, const block_sizes *s)
{
    int64_t c = 0;
    for (; c + 2 <= s->channels; c += 2) mix_back_at(x + c * s->times, d, row, out + c, s, 2);
    if (c < s->channels) mix_back_at(x + c * s->times, d, row, out + c, s, 1);
}

/* Mean and sum of squared deviations after n more samples (Chan, Golub & LeVeque 1979). */
static void add_moments(const float *u, int64_t n, int64_t seen, double *mean, double *spread)
{
    fvec first = {0}, sum = {0}, square = {0};
    int64_t t = 0, whole = n / WIDE * WIDE;
    for (; t < whole; t += WIDE) first += load(u + t);
    float centre = whole ? total(first) / whole : u[0];
    for (t = 0; t < whole; t += WIDE) {
        fvec x = load(u + t) - centre;
        sum += x;
        square += x * x;
    }
    double sums = total(sum), squares = total(square);
    for (; t < n; t++) {
        sums += u[t] - centre;
        squares += (double)(u[t] - centre) * (u[t] - centre);
    }
    double shift = centre + sums / n - *mean, all = (double)(seen + n);
    *spread += squares - sums * sums / n + shift * shift * seen * n / all;
    *mean += shift * n / all;
}

/* x (trials, channels, times); rows (batch) picks trials. spaces, z and dz have their F * D rows
 * filled up to a multiple of TILE. Gives z (batch, rows, z_length), u (batch, F * D, rounded out)
 * and mean and sum of squared deviations of the rows of u. */
EXPORT void FORM(block_filter)(const block_sizes *s, const float *x, const int64_t *rows,
                               const float *spaces, const float *w, float *z, float *u,
                               double *mean, double *spread)
{
    int64_t n_rows = s->filters * s->depth, n_held = (n_rows + TILE - 1) / TILE * TILE;
    int64_t z_row = z_length(s), u_row = rounded(s->out), end = s->left + s->times;
    for (int64_t b = 0; b < s->batch; b++, z += n_held * z_row, u += n_rows * u_row) {
        for (int64_t i = 0; i < n_held; i++) {
            for (int64_t t = 0; t < s->left; t++) z[i * z_row + t] = 0;
            for (int64_t t = end; t < z_row; t++) z[i * z_row + t] = 0;
        }
        mix(x + rows[b] * s->channels * s->times, spaces, z + s->left, n_held, s);
        for (int64_t i = 0; i < n_rows; i++) {
            float *row = u + i * u_row;
            correlate(z + i * z_row, w + i / s->depth * s->taps, s->taps, row, u_row);
            for (int64_t t = s->out; t < u_row; t++) row[t] = 0;
            add_moments(row, s->out, b * s->out, mean + i, spread + i);
        }
    }
}

/* pooled (batch, F * D, out / pool) of ELU(gain u + shift). `line` holds a row of u. */
EXPORT void FORM(block_pool)(const block_sizes *s, const float *u, const float *gain,
                             const float *shift, float *line, float *pooled)
{
    int64_t n_rows = s->filters * s->depth, u_row = rounded(s->out), n = s->out / s->pool;
    for (int64_t r = 0; r < s->batch * n_rows; r++, u += u_row, pooled += n) {
        float g = gain[r % n_rows], o = shift[r % n_rows];
        for (int64_t t = 0; t < u_row; t += WIDE) {
            fvec v = load(u + t) * g + o;
            store(line + t, choose(v > 0.0f, v, decay(choose(v > 0.0f, fill(0), v))));
        }
        for (int64_t q = 0; q < n; q++) {
            float sum = 0;
            for (int64_t p = 0; p < s->pool; p++) sum += line[q * s->pool + p];
            pooled[q] = sum / s->pool;
        }
    }
}

/* Gradient with respect to gain u + shift into `grad`, as long as u, and for every row of F * D its
 * sum and its sum with (u - mean) * inverse. */
EXPORT void FORM(block_pool_back)(const block_sizes *s, const float *u, const float *gain,
                                  const float *shift, const float *mean, const float *inverse,
                                  const float *d_pooled, float *grad, double *sums)
{
    int64_t n_rows = s->filters * s->depth, u_row = rounded(s->out), n = s->out / s->pool;
    for (int64_t r = 0; r < s->batch * n_rows; r++, u += u_row, grad += u_row, d_pooled += n) {
        int64_t i = r % n_rows;
        for (int64_t q = 0; q < n; q++)
            for (int64_t p = 0; p < s->pool; p++) grad[q * s->pool + p] = d_pooled[q] / s->pool;
        for (int64_t t = n * s->pool; t < u_row; t++) grad[t] = 0;
        fvec sum = {0}, with = {0};
        for (int64_t t = 0; t < u_row; t += WIDE) {
            fvec x = load(u + t), v = x * gain[i] + shift[i];
            fvec slope = choose(v > 0.0f, fill(1), decay(choose(v > 0.0f, fill(0), v)) + 1.0f);
            fvec g = load(grad + t) * slope;
            store(grad + t, g);
            sum += g;
            with += g * (x - mean[i]);
        }
        sums[i] += total(sum);
        sums[n_rows + i] += (double)total(with) * inverse[i];
    }
}

/* With du = c0 grad + c1 u + c2, one c of each row: dw (F, taps) and d_spaces (rows, channels),
 * added to. `work` holds a padded row of du, a filter backwards, and dz (rows, rounded times). */
EXPORT void FORM(block_filter_back)(const block_sizes *s, const float *x, const int64_t *rows,
                                    const float *w, const float *z, const float *u,
                                    const float *grad, const float *c, float *work, double *dw,
                                    double *d_spaces)
{
    int64_t n_rows = s->filters * s->depth, n_held = (n_rows + TILE - 1) / TILE * TILE;
    int64_t z_row = z_length(s), u_row = rounded(s->out), x_row = rounded(s->times), last = s->taps - 1;
    float *back = work, *du = back + rounded(s->taps), *dz = du + z_row + x_row + rounded(s->taps);
    memset(du, 0, sizeof(float) * (z_row + x_row + rounded(s->taps)));
    for (int64_t b = 0; b < s->batch; b++, z += n_held * z_row) {
        for (int64_t i = 0; i < n_rows; i++, u += u_row, grad += u_row) {
            const float *taps = w + i / s->depth * s->taps;
            double *out = dw + i / s->depth * s->taps;
            for (int64_t t = 0; t < s->out; t++)
                du[last + t] = c[i] * grad[t] + c[n_rows + i] * u[t] + c[2 * n_rows + i];
            lags(du + last, z + i * z_row, u_row, out, s->taps);
            for (int64_t k = 0; k < s->taps; k++) back[k] = taps[last - k];
            correlate(du + s->left, back, s->taps, dz + i * x_row, x_row);
        }
        for (int64_t i = 0; i < n_held; i += TILE)
            mix_back(x + rows[b] * s->channels * s->times, dz + i * x_row, x_row,
                     d_spaces + i * s->channels, s);
    }
}
