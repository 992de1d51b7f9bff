/* Joint diagonalization of positive definite matrices by Pham's sweeps, one matrix in each lane.
 *
 * Pham 2001, SIAM Journal on Matrix Analysis and Applications 22, 1136-1152. A pair of rows and
 * columns takes one step from what all matrices hold there; matrices stay symmetric, so that lower
 * triangles are enough. Lanes without a matrix hold the identity and have no weight.
 */
#include "lanes.h"

typedef struct {
    double g12, g21, omega12, omega21;
} moments;

INLINE double lane_sum(vec a)
{
    double sum = 0.0;
    for (int lane = 0; lane < LANES; lane++) sum += a[lane];
    return sum;
}

/* Means over matrices of the entry (i, j) over both diagonals, and of the diagonals' ratios. */
INLINE moments pair_moments(const vec *a, const vec *weight, int64_t groups, int64_t i, int64_t j,
                            int64_t n)
{
    vec g12 = {0}, g21 = {0}, omega12 = {0}, omega21 = {0};
    for (int64_t g = 0; g < groups; g++, a += n * n) {
        vec first = a[i * n + i], second = a[j * n + j];
        vec per_first = weight[g] / first, per_second = weight[g] / second;
        g12 += a[i * n + j] * per_first;
        g21 += a[i * n + j] * per_second;
        omega12 += second * per_first;
        omega21 += first * per_second;
    }
    return (moments){lane_sum(g12), lane_sum(g21), lane_sum(omega12), lane_sum(omega21)};
}

INLINE void mix_rows(vec *restrict x, vec *restrict y, vec s, vec t)
{
    vec old = *x;
    *x = old + s * *y;
    *y += t * old;
}

/* T a T' with T = [[1, s], [t, 1]] on rows and columns i > j, lower triangle. */
INLINE void mix_pair(vec *restrict a, double to_i, double to_j, int64_t i, int64_t j, int64_t n)
{
    vec s = splat(to_i), t = splat(to_j), *row_i = a + i * n, *row_j = a + j * n;
    vec first = row_i[i], second = row_j[j], between = row_i[j];
    for (int64_t m = 0; m < j; m++) mix_rows(row_i + m, row_j + m, s, t);
    for (int64_t m = j + 1; m < i; m++) mix_rows(row_i + m, a + m * n + j, s, t);
    for (int64_t m = i + 1; m < n; m++) mix_rows(a + m * n + i, a + m * n + j, s, t);
    row_i[i] = first + s * (2.0 * between + s * second);
    row_j[j] = second + t * (2.0 * between + t * first);
    row_i[j] = between + t * (first + s * between) + s * second;
}

/* One pass over all pairs; gives the decrease of the criterion that it promised. */
static double joint_sweep(vec *a, const vec *weight, double *rows, int64_t count, int64_t groups,
                          int64_t n)
{
    double decrease = 0.0;
    for (int64_t i = 1; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            moments of = pair_moments(a, weight, groups, i, j, n);
            double omega = sqrt(of.omega12 * of.omega21), ratio = sqrt(of.omega21 / of.omega12);
            double even = (ratio * of.g12 + of.g21) / (omega + 1.0);
            double odd = (ratio * of.g12 - of.g21) / (omega - 1.0 > 1e-9 ? omega - 1.0 : 1e-9);
            double h12 = even + odd, h21 = (even - odd) / ratio;
            decrease += count * (of.g12 * h12 + of.g21 * h21) / 2.0;
            double half = 1.0 + sqrt(1.0 - h12 * h21), to_i = -h12 / half, to_j = -h21 / half;
            for (int64_t g = 0; g < groups; g++) mix_pair(a + g * n * n, to_i, to_j, i, j, n);
            double *restrict x = rows + i * n, *restrict y = rows + j * n;
            for (int64_t m = 0; m < n; m++) {
                double old = x[m];
                x[m] = old + to_i * y[m];
                y[m] += to_j * old;
            }
        }
    return decrease;
}

/* matrices (count, n, n), lower triangles read -> diagonalizer (n, n), which comes in as the
 * identity. Returns the sweeps taken, 0 when so many did not suffice, or -1 without memory. */
EXPORT int64_t FORM(joint)(const double *matrices, int64_t count, int64_t n, double tolerance,
                           int64_t sweeps, double *diagonalizer)
{
    void *block;
    int64_t groups = (count + LANES - 1) / LANES;
    vec *a = room((size_t)(groups * (n * n + 1)), &block), *weight = a + groups * n * n;
    if (block == NULL) return -1;
    for (int64_t at = 0; at < groups * LANES; at++) {
        int64_t g = at / LANES, lane = at % LANES;
        weight[g][lane] = at < count ? 1.0 / count : 0.0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++)
                a[(g * n + i) * n + j][lane] =
                    at < count ? matrices[(at * n + i) * n + j] : (double)(i == j);
    }
    int64_t taken = 0;
    for (int64_t sweep = 1; sweep <= sweeps && taken == 0; sweep++)
        if (joint_sweep(a, weight, diagonalizer, count, groups, n) < tolerance) taken = sweep;
    free(block);
    return taken;
}
