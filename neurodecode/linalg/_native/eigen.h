/* Symmetric eigenproblems of many small matrices, one in each lane.
 *
 * Householder reduction to tridiagonal form, then implicit QL (Wilkinson, Reinsch 1971,
 * Handbook for Automatic Computation, II/2 and II/4). All lanes walk the same loops; a lane
 * whose own algorithm would rest there takes the identity rotation. Every lane thus does what
 * one matrix alone would do, and a result never depends on what lies beside it, not in one bit.
 */
#include "lanes.h"

enum { SWEEPS = 60 }; /* per eigenvalue; about two are needed */
#define EPSILON 2.220446049250313e-16
#define VANISHING 1e-250 /* squares below are noise of matrices whose largest entry is about 1 */

/* Apply I - u u'/h from both sides to the leading (m, m) block, lower triangle, rows of `n`. */
INLINE void reflect_block(vec *restrict a, const vec *restrict u, vec *restrict p, vec inverse_h,
                          int64_t m, int64_t n)
{
    vec dot = {0};
    for (int64_t j = 0; j < m; j++) p[j] = (vec){0};
    int64_t j = 0;
    for (; j + 1 < m; j += 2) { /* p = block u, two rows at once: sums wait for themselves */
        const vec *restrict row = a + j * n, *restrict next = row + n;
        vec u0 = u[j], u1 = u[j + 1], sum = row[j] * u0, sum1 = next[j + 1] * u1;
        for (int64_t k = 0; k < j; k++) {
            sum += row[k] * u[k];
            sum1 += next[k] * u[k];
            p[k] += row[k] * u0 + next[k] * u1;
        }
        p[j] += sum + next[j] * u1;
        p[j + 1] += sum1 + next[j] * u0;
    }
    if (j < m) {
        const vec *restrict row = a + j * n;
        vec sum = row[j] * u[j];
        for (int64_t k = 0; k < j; k++) {
            sum += row[k] * u[k];
            p[k] += row[k] * u[j];
        }
        p[j] += sum;
    }
    for (j = 0; j < m; j++) {
        p[j] *= inverse_h;
        dot += p[j] * u[j];
    }
    vec half = 0.5 * dot * inverse_h;
    for (j = 0; j < m; j++) {
        vec *restrict row = a + j * n;
        p[j] -= half * u[j];
        for (int64_t k = 0; k <= j; k++) row[k] -= u[j] * p[k] + p[j] * u[k];
    }
}

/* Apply I - u u'/h from the right to a few rows of `q`; several, as a sum waits for itself. */
INLINE void reflect_rows(vec *restrict q, const vec *restrict u, vec inverse_h, int64_t m,
                         int64_t n, int n_rows)
{
    vec dot[4] = {{0}};
    for (int64_t k = 0; k < m; k++)
        for (int j = 0; j < n_rows; j++) dot[j] += q[j * n + k] * u[k];
    for (int j = 0; j < n_rows; j++) dot[j] *= inverse_h;
    for (int64_t k = 0; k < m; k++)
        for (int j = 0; j < n_rows; j++) q[j * n + k] -= dot[j] * u[k];
}

/* a (n, n), lower triangle -> diagonal d, off-diagonal e (e[i] beside d[i], d[i + 1]); with q,
 * its rows become the basis in which `a` is tridiagonal. Rows of `a` keep the reflectors, its
 * diagonal their 1 / h. */
static void tridiagonalize(vec *restrict a, vec *restrict q, vec *restrict d, vec *restrict e,
                           vec *restrict p, int64_t n)
{
    for (int64_t i = n - 1; i > 1; i--) {
        vec *u = a + i * n, norm2 = {0};
        for (int64_t k = 0; k < i; k++) norm2 += u[k] * u[k];
        mask gone = norm2 < VANISHING;
        vec g = -with_sign_of(root(norm2), u[i - 1]);
        vec h = pick(gone, splat(1.0), norm2 - u[i - 1] * g);
        e[i - 1] = pick(gone, (vec){0}, g);
        u[i - 1] -= g;
        for (int64_t k = 0; k < i; k++) u[k] = pick(gone, (vec){0}, u[k]);
        d[i] = 1.0 / h; /* kept here until the basis is built */
        reflect_block(a, u, p, d[i], i, n);
    }
    if (n > 1) e[0] = a[n];
    e[n - 1] = (vec){0};
    if (q != NULL) {
        for (int64_t i = 0; i < n * n; i++) q[i] = (vec){0};
        for (int64_t i = 0; i < n; i++) q[i * n + i] = splat(1.0);
        for (int64_t i = 2; i < n; i++) {
            int64_t j = 0;
            for (; j + 4 <= i; j += 4) reflect_rows(q + j * n, a + i * n, d[i], i, n, 4);
            for (; j < i; j++) reflect_rows(q + j * n, a + i * n, d[i], i, n, 1);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        vec inverse_h = d[i];
        d[i] = a[i * n + i];
        if (i > 1) a[i * n + i] = inverse_h;
    }
}

INLINE mask coupled(const vec *d, const vec *e, int64_t i)
{
    return absolute(e[i]) > EPSILON * (absolute(d[i]) + absolute(d[i + 1])) + EPSILON * EPSILON;
}

INLINE void rotate_rows(vec *restrict x, vec *restrict y, vec c, vec s, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        vec old = x[k];
        x[k] = c * old - s * y[k];
        y[k] = s * old + c * y[k];
    }
}

/* One QL sweep from each active lane's own end `last` (with d there in `tail`) up to row l. */
INLINE void ql_sweep(vec *restrict q, vec *restrict d, vec *restrict e, mask active, mask last,
                     vec tail, int64_t l, int64_t end, int64_t n)
{
    vec one = splat(1.0), c = one, s = one, p = {0};
    vec near = pick(active, e[l], one), ratio = (d[l + 1] - d[l]) / (2.0 * near);
    vec top = tail - d[l] + near / (ratio + with_sign_of(root(ratio * ratio + 1.0), ratio)), g = top;
    mask on = {0};
    for (int64_t i = end - 1; i >= l; i--) {
        mask begins = active & (last == i + 1);
        if (any(begins)) {
            on |= begins;
            c = pick(begins, one, c);
            s = pick(begins, one, s);
            p = pick(begins, (vec){0}, p);
            g = pick(begins, top, g);
        }
        vec f = s * e[i], b = c * e[i], r2 = f * f + g * g;
        mask gone = r2 < VANISHING;
        vec r = root(r2), inverse = r * (1.0 / r2); /* root and quotient need not wait */
        s = pick(gone, (vec){0}, f * inverse);
        c = pick(gone, one, g * inverse);
        e[i + 1] = pick(on, pick(begins | gone, (vec){0}, r), e[i + 1]);
        vec shifted = d[i + 1] - p, t = (d[i] - shifted) * s + 2.0 * c * b;
        p = s * t;
        g = c * t - b;
        d[i + 1] = pick(on, shifted + p, d[i + 1]);
        if (q != NULL)
            rotate_rows(q + i * n, q + (i + 1) * n, pick(on, c, one), pick(on, s, (vec){0}), n);
    }
    d[l] = pick(active, d[l] - p, d[l]);
    e[l] = pick(active, g, e[l]);
}

/* Diagonal d, off-diagonal e -> eigenvalues in d, rows of q rotated into eigenvectors.
 * Gives the lanes that have not converged. */
INLINE mask diagonalize(vec *restrict q, vec *restrict d, vec *restrict e, int64_t n)
{
    mask failed = {0};
    for (int64_t l = 0; l < n - 1; l++)
        for (int sweep = 0;; sweep++) {
            mask active = coupled(d, e, l) & ~failed, open = active, last = {0};
            if (!any(active)) break;
            if (sweep == SWEEPS) {
                failed |= active;
                break;
            }
            vec tail = {0};
            int64_t end = l;
            while (any(open)) { /* each lane's first split after l */
                end++;
                mask closes = end < n - 1 ? open & ~coupled(d, e, end) : open;
                last = (last & ~closes) | (closes & end);
                tail = pick(closes, d[end], tail);
                open &= ~closes;
            }
            ql_sweep(q, d, e, active, last, tail, l, end, n);
        }
    return failed;
}

/* Matrix into one lane, its largest entry between 1/2 and 1; gives the power of two taken out. */
static double load_lane(double *a, const double *matrix, int64_t n)
{
    double largest = 0.0;
    int exponent;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
            if (fabs(matrix[i * n + j]) > largest) largest = fabs(matrix[i * n + j]);
    if (!(largest > 0.0 && largest <= 1e300 && largest >= 1e-290)) largest = 1.0;
    frexp(largest, &exponent);
    double scale = ldexp(1.0, -exponent);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) a[(i * n + j) * LANES] = scale * matrix[i * n + j];
    return ldexp(1.0, exponent);
}

/* One lane out in ascending order, eigenvectors in columns. Gives 1 when a value is not finite. */
static int store_lane(const double *d, const double *q, double scale, double *values,
                      double *vectors, int64_t *order, int64_t n)
{
    int broken = 0;
    for (int64_t i = 0; i < n; i++) { /* insertion sort */
        int64_t k = i;
        for (; k > 0 && d[order[k - 1] * LANES] > d[i * LANES]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = scale * d[order[i] * LANES];
        broken |= !isfinite(values[i]);
    }
    if (vectors != NULL)
        for (int64_t k = 0; k < n; k++)
            for (int64_t i = 0; i < n; i++) vectors[k * n + i] = q[(order[i] * n + k) * LANES];
    return broken;
}

/* matrices (count, n, n), symmetric, lower triangles read -> values (count, n), ascending, and
 * vectors (count, n, n) unless NULL. Returns how many did not succeed, or -1 without memory. */
EXPORT int64_t FORM(eigen)(const double *matrices, int64_t count, int64_t n, double *values,
                           double *vectors)
{
    void *block;
    vec *a = room((size_t)(n * n * (vectors ? 2 : 1) + 4 * n), &block);
    if (block == NULL) return -1;
    vec *d = a + n * n, *e = d + n, *p = e + n, *q = vectors ? p + 2 * n : NULL;
    int64_t *order = (int64_t *)(p + n), bad = 0;
    for (int64_t first = 0; first < count; first += LANES) {
        int used = count - first < LANES ? (int)(count - first) : LANES;
        double scale[LANES];
        for (int lane = 0; lane < LANES; lane++)
            scale[lane] = load_lane((double *)a + lane,
                                    matrices + (first + (lane < used ? lane : 0)) * n * n, n);
        tridiagonalize(a, q, d, e, p, n);
        mask failed = q ? diagonalize(q, d, e, n) : diagonalize(NULL, d, e, n);
        for (int lane = 0; lane < used; lane++) {
            int64_t at = first + lane;
            double *out = vectors ? vectors + at * n * n : NULL;
            int broken = store_lane((double *)d + lane, (double *)q + lane, scale[lane],
                                    values + at * n, out, order, n);
            bad += broken || failed[lane] != 0;
        }
    }
    free(block);
    return bad;
}
