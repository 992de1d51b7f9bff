/* Logarithms of many small positive definite matrices, one in each lane, without eigenvectors.
 *
 * A congruence and Householder's reflections make a matrix tridiagonal. The logarithm of that is a
 * sum of resolvents, log x = sum over k of w_k (1 / (1 + t_k) - 1 / (x + t_k)), all w_k and t_k
 * positive, each of n^2 operations where eigenvectors take 6 n^3; the reflections carry it back.
 * Each lane has nodes of its own: a result never depends on what lies beside it, not in one bit.
 * Comes after eigen.h, whose reflections it uses.
 */
#include "lanes.h"

enum { NODES = 8, MOST_NODES = 48, RULE = 2 + 2 * MOST_NODES }; /* nodes that walk together */

typedef struct {
    vec *a, *b, *d, *e, *p, *t, *w, *ratio, *inverse;
} workspace;

/* y[j, i] = sum over k <= last of f[i, k] x[k, j], for a few i and j: sums stay in registers. */
INLINE void multiply_tile(const double *restrict f, const vec *restrict x, vec *restrict y,
                          int64_t last, int64_t n, int n_i, int n_j)
{
    vec sum[2][4] = {{{0}}};
    for (int64_t k = 0; k <= last; k++)
        for (int i = 0; i < n_i; i++)
            for (int j = 0; j < n_j; j++) sum[i][j] += f[i * n + k] * x[k * n + j];
    for (int i = 0; i < n_i; i++)
        for (int j = 0; j < n_j; j++) y[j * n + i] = sum[i][j];
}

/* y = (f x)'. `lower`: f is zero above its diagonal; `half`: y's lower triangle suffices. */
static void multiply(const double *restrict f, const vec *restrict x, vec *restrict y, int64_t n,
                     int lower, int half)
{
    for (int64_t i = 0; i < n; i += 2) {
        const double *rows = f + i * n;
        int64_t j = half ? i : 0, last = lower && i + 2 < n ? i + 1 : n - 1;
        if (i + 1 < n) {
            for (; j + 4 <= n; j += 4) multiply_tile(rows, x + j, y + j * n + i, last, n, 2, 4);
            for (; j < n; j++) multiply_tile(rows, x + j, y + j * n + i, last, n, 2, 1);
        } else
            for (; j < n; j++) multiply_tile(rows, x + j, y + j * n + i, last, n, 1, 1);
    }
}

/* Bounds of the eigenvalues: 1 / trace of the inverse, and Gershgorin's. Gives the lanes that are
 * positive definite. */
static mask spectrum(const vec *d, const vec *e, vec *low, vec *high, int64_t n)
{
    vec one = splat(1.0), pivot = d[0], slope = one, trace = 1.0 / pivot;
    mask positive = pivot > 0.0;
    *high = d[0] + absolute(e[0]);
    for (int64_t i = 1; i < n; i++) {
        vec ratio = e[i - 1] / pivot, reach = d[i] + absolute(e[i - 1]) + absolute(e[i]);
        pivot = d[i] - ratio * e[i - 1];
        slope = one + ratio * ratio * slope;
        trace += slope / pivot;
        positive &= pivot > 0.0;
        *high = pick(reach > *high, reach, *high);
    }
    *low = 1.0 / trace;
    return positive;
}

/* Nodes of each lane for its own spectrum. A rule is its condition number, how many nodes, t, w.
 * Gives the constants that the resolvents are taken from; `*most` is how many nodes to walk. */
static vec set_nodes(const double *rules, int64_t n_rules, vec low, vec high, vec scale, mask good,
                     vec *t, vec *w, int64_t *most)
{
    vec constant = {0};
    *most = 0;
    for (int k = 0; k < MOST_NODES; k++) t[k] = splat(1.0), w[k] = (vec){0};
    for (int lane = 0; lane < LANES; lane++) {
        int64_t rule = 0;
        while (rule < n_rules && !(high[lane] <= low[lane] * rules[rule * RULE])) rule++;
        if (!good[lane] || rule == n_rules) {
            constant[lane] = NAN;
            continue;
        }
        const double *table = rules + rule * RULE, middle = sqrt(low[lane] * high[lane]);
        int64_t count = (int64_t)table[1];
        *most = count > *most ? count : *most;
        constant[lane] = log(middle * scale[lane]);
        for (int64_t k = 0; k < count; k++) {
            double node = table[2 + k], weight = table[2 + MOST_NODES + k];
            t[k][lane] = middle * node;
            w[k][lane] = middle * weight;
            constant[lane] += weight / (1.0 + node);
        }
    }
    return constant;
}

INLINE vec sum_of(const vec *p) /* of NODES */
{
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

/* s, lower triangle, minus w_k (T + t_k)^-1 for NODES values of k; T has diagonal d, off-diagonal
 * e. With T + t = L D L', row i of the inverse is its diagonal entry times ratios -e / D. */
static void subtract_resolvents(const vec *restrict d, const vec *restrict e, const vec *restrict t,
                                const vec *restrict w, vec *restrict ratio, vec *restrict inverse,
                                vec *restrict s, int64_t n)
{
    vec pivot[NODES], g[NODES] = {{0}}, p[NODES];
    for (int k = 0; k < NODES; k++) pivot[k] = d[0] + t[k];
    for (int64_t i = 0; i < n; i++) {
        vec after = i + 1 < n ? d[i + 1] : splat(1.0);
        for (int k = 0; k < NODES; k++) {
            vec inv = 1.0 / pivot[k], r = -e[i] * inv; /* e[n - 1] = 0 */
            inverse[i * NODES + k] = inv;
            ratio[i * NODES + k] = r;
            pivot[k] = after + t[k] + r * e[i];
        }
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int k = 0; k < NODES; k++) {
            vec r = ratio[i * NODES + k];
            g[k] = inverse[i * NODES + k] + r * r * g[k];
            p[k] = w[k] * g[k];
        }
        s[i * n + i] -= sum_of(p);
        for (int64_t j = i - 1; j >= 0; j--) {
            for (int k = 0; k < NODES; k++) p[k] *= ratio[j * NODES + k];
            s[i * n + j] -= sum_of(p);
        }
    }
}

/* Undo what made the matrix tridiagonal: reflectors in rows of `a`, 1 / h on its diagonal. */
static void reflect_back(const vec *restrict a, vec *restrict s, vec *restrict p, int64_t n)
{
    for (int64_t i = 2; i < n; i++) {
        const vec *u = a + i * n;
        int64_t j = i;
        reflect_block(s, u, p, u[i], i, n);
        for (; j + 4 <= n; j += 4) reflect_rows(s + j * n, u, u[i], i, n, 4);
        for (; j < n; j++) reflect_rows(s + j * n, u, u[i], i, n, 1);
    }
}

/* Matrices of one group of lanes -> logarithms in w->b, lower triangles; only tridiagonal ones, of
 * the same norm, unless `back`; NaN in lanes without success. */
static void log_group(const double *const *matrix, const double *factor, int lower,
                      const double *rules, int64_t n_rules, workspace *w, int back, int64_t n)
{
    vec scale = {0}, low, high;
    int64_t most;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            vec x;
            for (int lane = 0; lane < LANES; lane++) x[lane] = matrix[lane][i * n + j];
            w->a[i * n + j] = w->a[j * n + i] = x;
        }
    if (factor != NULL) {
        multiply(factor, w->a, w->b, n, lower, 0);
        multiply(factor, w->b, w->a, n, lower, 1);
    }
    for (int64_t i = 0; i < n; i++) scale += w->a[i * n + i]; /* no entry exceeds the trace */
    vec inverse = 1.0 / scale;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) w->a[i * n + j] *= inverse;
    tridiagonalize(w->a, NULL, w->d, w->e, w->p, n);
    mask good = spectrum(w->d, w->e, &low, &high, n) & (scale > 1e-290) & (scale < 1e290);
    vec constant = set_nodes(rules, n_rules, low, high, scale, good, w->t, w->w, &most);
    for (int64_t i = 0; i < n * n; i++) w->b[i] = (vec){0};
    for (int64_t i = 0; i < n; i++) w->b[i * n + i] = constant;
    for (int64_t k = 0; k < most; k += NODES)
        subtract_resolvents(w->d, w->e, w->t + k, w->w + k, w->ratio, w->inverse, w->b, n);
    if (back) reflect_back(w->a, w->b, w->p, n);
}

static void store_log(const double *s, double *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) out[i * n + j] = out[j * n + i] = s[(i * n + j) * LANES];
}

static int is_lower(const double *f, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            if (f[i * n + j] != 0.0) return 0;
    return 1;
}

/* log(f M f') of those of the matrices (.., n, n), lower triangles read, whose `rows` are given; f
 * (n, n), or NULL: the identity. Into `logs` (count, n, n), their squared
 * norms into `norms` (count), added up into `sum` (n, n); any of them may be NULL. A matrix that is
 * not positive definite, or beyond the last rule, gives NaN. Returns 0, or -1 without memory. */
EXPORT int FORM(logs)(const double *matrices, const int64_t *rows, int64_t count, int64_t n,
                      const double *factor, const double *rules, int64_t n_rules, double *logs,
                      double *norms, double *sum)
{
    void *block;
    int64_t square = n * n;
    int back = logs || sum, lower = factor != NULL && is_lower(factor, n);
    vec *at = room((size_t)((sum ? 3 : 2) * square + (3 + 2 * NODES) * n + 2 * MOST_NODES), &block);
    if (block == NULL) return -1;
    workspace w = {.a = at, .b = at + square, .d = at + 2 * square};
    w.e = w.d + n, w.p = w.e + n, w.ratio = w.p + n, w.inverse = w.ratio + NODES * n;
    w.t = w.inverse + NODES * n, w.w = w.t + MOST_NODES;
    vec *total = w.w + MOST_NODES;
    if (sum)
        for (int64_t i = 0; i < square; i++) total[i] = (vec){0};
    for (int64_t first = 0; first < count; first += LANES) {
        int used = count - first < LANES ? (int)(count - first) : LANES;
        const double *matrix[LANES];
        mask mine = {0};
        for (int lane = 0; lane < LANES; lane++) {
            matrix[lane] = matrices + rows[first + (lane < used ? lane : 0)] * square;
            mine[lane] = lane < used ? -1 : 0;
        }
        log_group(matrix, factor, lower, rules, n_rules, &w, back, n);
        if (logs)
            for (int lane = 0; lane < used; lane++)
                store_log((double *)w.b + lane, logs + (first + lane) * square, n);
        if (norms) {
            vec norm = {0};
            for (int64_t i = 0; i < n; i++) {
                for (int64_t j = 0; j < i; j++) norm += 2.0 * w.b[i * n + j] * w.b[i * n + j];
                norm += w.b[i * n + i] * w.b[i * n + i];
            }
            for (int lane = 0; lane < used; lane++) norms[first + lane] = norm[lane];
        }
        if (sum)
            for (int64_t i = 0; i < square; i++) total[i] += pick(mine, w.b[i], (vec){0});
    }
    if (sum)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) {
                double s = 0.0;
                for (int lane = 0; lane < LANES; lane++) s += total[i * n + j][lane];
                sum[i * n + j] = sum[j * n + i] = s;
            }
    free(block);
    return 0;
}
