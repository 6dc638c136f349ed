/* SPDX-License-Identifier: MIT */
/* gemm.c - products of matrices: cutting them into pieces, packing, our kernels or OpenBLAS for each panel */
#include "kernels/gemm.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

#define ROWS 288    /* of a piece: a multiple of every table's rows and of OpenBLAS's panels */
#define STRETCH 256 /* products that are summed before they go to c */
#define BLOCKS 4    /* blocks of packed columns a piece */
#define PACKED (STRETCH * 64)
#define THIN_ROWS 8 /* fewer rows are not worth packing b for */
#define THIN_COLS 1024
#define DOT_STRETCH 65536
#define DOT_MACS 65536 /* of a piece of dot products, about */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t parts(size_t n, size_t of) { return (n + of - 1) / of; }

/* ---- OpenBLAS ----------------------------------------------------------------------------------------- */

/*
 * OpenBLAS starts threads of its own for sgemm where m n k is above 65536 * GEMM_MULTITHREAD_THRESHOLD (4 unless it was
 * built otherwise), and as many when it is loaded. Panels stay below, so its threads sleep, and the bytes are the same
 * whatever OPENBLAS_NUM_THREADS says. Panels that small do not reach its full speed: on a Zen 3 they make 70 to 73 GFLOPS
 * a core (large ones 91), our own AVX2 loop 78 to 93. Hence it serves processors for which we have no tuned kernels, and it
 * is loaded when the first product wants it, so that a program which only loads us gets neither its threads nor its 3 MB.
 */
#define BLAS_ROWS 48
#define BLAS_COLS 64
#define BLAS_STRETCH 84
_Static_assert(BLAS_ROWS *BLAS_COLS *BLAS_STRETCH <= 65536 * 4, "OpenBLAS would start its own threads");
_Static_assert(ROWS % BLAS_ROWS == 0, "pieces hold whole panels");
#define BLAS_LEAST 32768 /* multiply-adds: smaller products are not worth the call */

#if CNNIMG_OPENBLAS
#include <cblas.h>
#include <dlfcn.h>

static __typeof__(&cblas_sgemm) blas_sgemm; /* set once, before its first use */

static void load_blas(void) {
  void *lib = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  void *f = lib ? dlsym(lib, "cblas_sgemm") : NULL;
  if (f) memcpy(&blas_sgemm, &f, sizeof f);
}

static bool have_blas(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_blas);
  return blas_sgemm != NULL;
}

static void blas_panel(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
                       const float *b, ptrdiff_t b_row, ptrdiff_t b_col, float *c, ptrdiff_t c_row) {
  /* a dimension of 1 may come with any step, but OpenBLAS wants one that is not too small */
  ptrdiff_t lda = a_col == 1 ? a_row : a_col, ldb = b_col == 1 ? b_row : b_col;
  blas_sgemm(CblasRowMajor, a_col == 1 ? CblasNoTrans : CblasTrans, b_col == 1 ? CblasNoTrans : CblasTrans,
             (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, 1, c, (int)c_row);
}
#else
static bool have_blas(void) { return false; }
static void blas_panel(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
                       const float *b, ptrdiff_t b_row, ptrdiff_t b_col, float *c, ptrdiff_t c_row) {
  (void)m, (void)n, (void)k, (void)a, (void)a_row, (void)a_col, (void)b, (void)b_row, (void)b_col, (void)c,
      (void)c_row;
}
#endif

/* The tables that were measured to be faster are left out, and ref is the truth. */
static bool table_wants_blas(const ci_kernels *k) { return k->isa == CI_ISA_VEC || k->isa == CI_ISA_NEON; }

bool ci_gemm_by_openblas(const ci_kernels *k) { return table_wants_blas(k) && have_blas(); }

/* ---- how a product is cut --------------------------------------------------------------------------------- */

typedef enum way { DOTS, THIN, PACK, BLAS } way;

typedef struct cut {
  ci_gemm g;
  way way;
  size_t rows, cols, down, across; /* of a piece; pieces */
} cut;

/* A matrix by one column is one row by the matrix turned. */
static ci_gemm upright(const ci_gemm *g) {
  ci_gemm t = *g;
  if (g->n != 1 || g->m == 1 || g->c_row != 1 || g->fetch || g->a_col != 1 || g->b_row != 1) return t;
  t.m = 1, t.n = g->m;
  t.a = g->b, t.a_row = 0, t.a_col = 1;
  t.b = g->a, t.b_row = 1, t.b_col = g->a_row;
  t.c_row = (ptrdiff_t)g->m;
  t.row_bias = g->col_bias, t.col_bias = g->row_bias;
  return t;
}

static bool blas_step(ptrdiff_t s, size_t least) { return s >= (ptrdiff_t)least && s <= INT32_MAX; }

static bool blas_takes(const ci_gemm *g, const ci_kernels *k) {
  if (!table_wants_blas(k) || g->k < 4 || g->m * g->n < BLAS_LEAST / g->k) return false;
  if ((g->a_col != 1 && g->a_row != 1) || !blas_step(g->c_row, g->n)) return false;
  if (!blas_step(g->a_col == 1 ? g->a_row : g->a_col, g->a_col == 1 ? g->k : g->m)) return false;
  if (!g->fetch && !blas_step(g->b_col == 1 ? g->b_row : g->b_col, g->b_col == 1 ? g->n : g->k)) return false;
  return have_blas();
}

static way way_of(const ci_gemm *g, const ci_kernels *k) {
  if (g->m <= THIN_ROWS && !g->fetch) {
    if (g->b_row == 1 && g->a_col == 1) return DOTS;
    if (g->b_col == 1) return THIN;
  }
  return blas_takes(g, k) ? BLAS : PACK;
}

static size_t block_columns(const ci_kernels *k) { return (size_t)k->lanes * (size_t)k->gemm_vecs; }

static cut cut_of(const ci_gemm *g, const ci_kernels *k) {
  cut c = {.g = upright(g)};
  size_t macs = c.g.m * (c.g.k < DOT_MACS ? c.g.k : DOT_MACS) + 1;
  c.way = way_of(&c.g, k);
  c.rows = c.way == DOTS || c.way == THIN ? THIN_ROWS : ROWS;
  c.cols = c.way == DOTS   ? 4 * (DOT_MACS / 4 / macs + 1)
           : c.way == THIN ? THIN_COLS
           : c.way == BLAS ? BLAS_COLS
                           : BLOCKS * block_columns(k);
  c.down = parts(c.g.m, c.rows);
  c.across = parts(c.g.n, c.cols);
  return c;
}

size_t ci_gemm_pieces(const ci_gemm *g, const ci_kernels *k) {
  cut c = cut_of(g, k);
  return c.down * c.across;
}

/* ---- a piece ------------------------------------------------------------------------------------------------ */

typedef struct piece {
  const ci_gemm *g;
  const ci_kernels *k;
  size_t i, m, j, n; /* rows i .. i + m, columns j .. j + n */
  float *c;
} piece;

static const float *a_at(const piece *p, size_t i, size_t q) {
  return p->g->a + (ptrdiff_t)(p->i + i) * p->g->a_row + (ptrdiff_t)q * p->g->a_col;
}
static const float *b_at(const piece *p, size_t q, size_t j) {
  return p->g->b + (ptrdiff_t)q * p->g->b_row + (ptrdiff_t)(p->j + j) * p->g->b_col;
}

/* Without bias the first stretch of products is stored instead of added, where the way allows it. */
static bool is_fresh(const piece *p) { return !p->g->row_bias && !p->g->col_bias; }

static void begin(const piece *p) {
  for (size_t i = 0; i < p->m; i++) {
    float *row = p->c + (ptrdiff_t)i * p->g->c_row, v = p->g->row_bias ? p->g->row_bias[p->i + i] : 0;
    if (p->g->col_bias) memcpy(row, p->g->col_bias + p->j, p->n * sizeof *row);
    else if (!p->g->row_bias) memset(row, 0, p->n * sizeof *row);
    else
      for (size_t j = 0; j < p->n; j++) row[j] = v;
  }
}

static ci_gemm_tile tile_of(const piece *p, size_t q, size_t nq) {
  return (ci_gemm_tile){.a = a_at(p, 0, q),
                        .a_row = p->g->a_row,
                        .a_col = p->g->a_col,
                        .c = p->c,
                        .c_row = p->g->c_row,
                        .m = (int32_t)p->m,
                        .n = (int32_t)p->n,
                        .k = (int32_t)nq};
}

static void run_dots(const piece *p) {
  for (size_t q = 0; q < p->g->k; q += DOT_STRETCH) {
    ci_gemm_tile t = tile_of(p, q, smaller(p->g->k - q, DOT_STRETCH));
    t.b = b_at(p, q, 0), t.b_row = p->g->b_col;
    p->k->gemm_dots(&t);
  }
}

static void run_thin(const piece *p) {
  float sums[THIN_ROWS * THIN_COLS] __attribute__((aligned(CI_ALIGN)));
  for (size_t q = 0; q < p->g->k; q += STRETCH) {
    ci_gemm_tile t = tile_of(p, q, smaller(p->g->k - q, STRETCH));
    t.b = b_at(p, q, 0), t.b_row = p->g->b_row;
    t.c = sums, t.c_row = THIN_COLS;
    memset(sums, 0, sizeof sums);
    p->k->gemm_thin(&t);
    for (size_t i = 0; i < p->m; i++)
      for (size_t j = 0; j < p->n; j++)
        p->c[(ptrdiff_t)i * p->g->c_row + (ptrdiff_t)j] += sums[i * THIN_COLS + j];
  }
}

/* Short rows, for which a call would take longer than the copying. */
static inline void copy(float *to, const float *from, size_t n) {
  for (; n >= 8; n -= 8, to += 8, from += 8) memcpy(to, from, 8 * sizeof *to);
  for (; n; n--) *to++ = *from++;
}

/* Columns j .. j + n of the piece, `room` of them a row of `to`, zeros behind. */
static void pack(const piece *p, size_t q, size_t nq, size_t j, size_t n, float *to, size_t room) {
  const ci_gemm *g = p->g;
  if (n < room) memset(to, 0, nq * room * sizeof *to);
  if (g->fetch) {
    g->fetch(g->user, q, nq, p->j + j, n, to, room);
  } else if (g->b_col == 1) {
    for (size_t r = 0; r < nq; r++) copy(to + r * room, b_at(p, q + r, j), n);
  } else {
    for (size_t c = 0; c < n; c++) {
      const float *from = b_at(p, q, j + c);
      for (size_t r = 0; r < nq; r++) to[r * room + c] = from[(ptrdiff_t)r * g->b_row];
    }
  }
}

static void run_packed(const piece *p) {
  float room[PACKED] __attribute__((aligned(CI_ALIGN)));
  int32_t lanes = p->k->lanes, vectors = (int32_t)parts(p->n, (size_t)lanes),
          blocks = (int32_t)parts((size_t)vectors, (size_t)p->k->gemm_vecs);
  for (size_t q = 0; q < p->g->k; q += STRETCH) {
    ci_gemm_tile t = tile_of(p, q, smaller(p->g->k - q, STRETCH));
    t.b = room, t.fresh = q == 0 && is_fresh(p);
    for (int32_t b = 0; b < blocks; b++) {
      int32_t first = ci_conv_block_first(vectors, blocks, b);
      size_t j = (size_t)first * (size_t)lanes;
      t.vectors = ci_conv_block_first(vectors, blocks, b + 1) - first;
      t.n = (int32_t)smaller(p->n - j, (size_t)t.vectors * (size_t)lanes);
      t.c = p->c + j;
      pack(p, q, (size_t)t.k, j, (size_t)t.n, room, (size_t)t.vectors * (size_t)lanes);
      p->k->gemm(&t);
    }
  }
}

static void run_blas(const piece *p) {
  float room[BLAS_STRETCH * BLAS_COLS] __attribute__((aligned(CI_ALIGN)));
  const ci_gemm *g = p->g;
  for (size_t q = 0; q < g->k; q += BLAS_STRETCH) {
    size_t nq = smaller(g->k - q, BLAS_STRETCH);
    if (g->fetch) pack(p, q, nq, 0, p->n, room, BLAS_COLS);
    const float *b = g->fetch ? room : b_at(p, q, 0);
    ptrdiff_t b_row = g->fetch ? BLAS_COLS : g->b_row, b_col = g->fetch ? 1 : g->b_col;
    for (size_t i = 0; i < p->m; i += BLAS_ROWS)
      blas_panel(smaller(p->m - i, BLAS_ROWS), p->n, nq, a_at(p, i, q), g->a_row, g->a_col, b, b_row, b_col,
                 p->c + (ptrdiff_t)i * g->c_row, g->c_row);
  }
}

static void run_piece(const cut *c, const ci_kernels *k, size_t index) {
  static void (*const ways[])(const piece *) = {run_dots, run_thin, run_packed, run_blas};
  piece p = {.g = &c->g, .k = k, .i = index / c->across * c->rows, .j = index % c->across * c->cols};
  p.m = smaller(c->g.m - p.i, c->rows), p.n = smaller(c->g.n - p.j, c->cols);
  p.c = c->g.c + (ptrdiff_t)p.i * c->g.c_row + (ptrdiff_t)p.j;
  if (c->way != PACK || !is_fresh(&p) || !c->g.k) begin(&p);
  ways[c->way](&p);
}

void ci_gemm_piece(const ci_gemm *g, const ci_kernels *k, size_t i) {
  cut c = cut_of(g, k);
  run_piece(&c, k, i);
}

typedef struct job {
  cut c;
  const ci_kernels *k;
} job;

static void run_one(void *arg, uint32_t i, uint32_t worker) {
  const job *j = arg;
  (void)worker;
  run_piece(&j->c, j->k, i);
}

void ci_gemm_run(const ci_gemm *g, const ci_kernels *k, ci_pool *pool) {
  job j = {cut_of(g, k), k};
  size_t n = j.c.down * j.c.across;
  if (pool && n > 1 && n <= UINT32_MAX) ci_pool_run(pool, (uint32_t)n, run_one, &j);
  else
    for (size_t i = 0; i < n; i++) run_piece(&j.c, k, i);
}
