/* SPDX-License-Identifier: MIT */
/* eigen.c - eigenvalues of a small symmetric matrix, by cyclic Jacobi rotations */
#include <math.h>
#include <stdlib.h>

#include "tasks/noise.h"

#define SWEEPS 60

/* Golub and Van Loan, Matrix Computations, 8.5: the rotation that zeroes a[p][q]. */
static void rotate(double *a, int n, int p, int q) {
  double apq = a[p * n + q];
  double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
  double c = 1 / sqrt(t * t + 1), s = t * c;
  a[p * n + p] -= t * apq;
  a[q * n + q] += t * apq;
  a[p * n + q] = a[q * n + p] = 0;
  for (int i = 0; i < n; i++) {
    if (i == p || i == q) continue;
    double aip = a[i * n + p], aiq = a[i * n + q];
    a[i * n + p] = a[p * n + i] = c * aip - s * aiq;
    a[i * n + q] = a[q * n + i] = s * aip + c * aiq;
  }
}

static void sums(const double *a, int n, double *off, double *all) {
  *off = *all = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double sq = a[i * n + j] * a[i * n + j];
      *all += sq;
      if (i != j) *off += sq;
    }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int ci_symmetric_eigenvalues(double *a, int n, double *w) {
  double off, all;
  int sweep = 0;
  for (sums(a, n, &off, &all); !(off <= 1e-22 * all); sums(a, n, &off, &all)) {
    if (sweep++ == SWEEPS || !isfinite(all)) return -1;
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++)
        if (a[p * n + q] != 0) rotate(a, n, p, q);
  }
  for (int i = 0; i < n; i++) w[i] = a[i * n + i];
  qsort(w, (size_t)n, sizeof *w, ascending);
  return 0;
}
