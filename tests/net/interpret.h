/* SPDX-License-Identifier: MIT */
/* interpret.h - for tests: runs a finished graph node by node on whole maps */
#ifndef CI_TEST_INTERPRET_H
#define CI_TEST_INTERPRET_H

#include "kernels/kernels.h"
#include "net/graph.h"

/* in[i]: channels x height x width floats of shape shapes[i]. *out is malloc'ed, channels x height x width. */
int ci_interpret(const ci_graph *g, const ci_kernels *k, const ci_shape *shapes, const float *const *in,
                 float **out, ci_shape *out_shape, cnnimg_error *err);
/* The shape of every value (n_values items, zeroed by the caller), from those of the inputs. */
int ci_interpret_shapes(const ci_graph *g, const ci_shape *inputs, ci_shape *shapes, cnnimg_error *err);
/* The tests' noise in [-1, 1): a multiplicative hash of the index; make_onnx.py has the same. */
void ci_test_noise(float *to, size_t n, uint64_t seed);

#endif
