/* SPDX-License-Identifier: MIT */
/* test_refusals.c - nodes that are wrong are refused by shape(), with a sentence that names the numbers */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

/* A convolution of 4 channels to 6, 3x3, that is right. */
static ci_node *good_conv(example *e, ci_op_id op) {
  example_begin(e, "wrong", 3);
  example_map(e, 4, 5, 6, NULL);
  example_const(e, 4, op == CI_OP_conv ? (const int64_t[4]){6, 4, 3, 3} : (const int64_t[4]){4, 6, 3, 3},
                NULL);
  example_const(e, 1, (const int64_t[1]){6}, NULL);
  ci_node *n = example_node(e, op);
  n->p.kernel[0] = n->p.kernel[1] = 3;
  return n;
}

static void refused(example *e, int code, const char *part) {
  cnnimg_error err = {0};
  ci_shape out;
  int status = ci_ops[e->n->op]->shape(e->g, e->n, e->in, &out, &err);
  if (status != code || !strstr(err.text, part) || !strstr(err.text, "'wrong'"))
    fail_msg("status %d instead of %d, \"%s\" for \"%s\"", status, code, err.text, part);
  assert_int_equal(ci_ops[e->n->op]->shape(e->g, e->n, e->in, &out, NULL), code);
  example_free(e);
}

static void test_convolutions(void **state) {
  (void)state;
  example e;
  static const ci_op_id ops[] = {CI_OP_conv, CI_OP_conv_transpose};
  for (int i = 0; i < 2; i++) {
    good_conv(&e, ops[i])->p.kernel[1] = 5;
    refused(&e, CNNIMG_CORRUPT, "3 x 3, kernel_shape says 3 x 5");
    good_conv(&e, ops[i])->p.group = 3;
    refused(&e, CNNIMG_CORRUPT, "3 groups");
    good_conv(&e, ops[i])->p.group = 0;
    refused(&e, CNNIMG_CORRUPT, "0 groups");
    good_conv(&e, ops[i])->p.stride[0] = 0;
    refused(&e, CNNIMG_LIMIT, "strides 0, 1");
    good_conv(&e, ops[i])->p.dilation[1] = INT32_MAX;
    refused(&e, CNNIMG_LIMIT, "dilations 1, 2147483647");
    good_conv(&e, ops[i])->p.pads[2] = INT32_MIN;
    refused(&e, CNNIMG_UNSUPPORTED, "pads of 0, 0, -2147483648, 0");
    good_conv(&e, ops[i])->n_in = 1;
    refused(&e, CNNIMG_CORRUPT, "1 inputs");
    good_conv(&e, ops[i])->in[0] = 1;
    refused(&e, CNNIMG_UNSUPPORTED, "is a constant");
    good_conv(&e, ops[i])->in[1] = 0;
    refused(&e, CNNIMG_UNSUPPORTED, "must be a constant");
    good_conv(&e, ops[i])->in[2] = 1;
    refused(&e, CNNIMG_CORRUPT, "216 values instead of 6");
    good_conv(&e, ops[i])->residual = 0;
    refused(&e, CNNIMG_CORRUPT, "adds 'map' of 4 x 5 x 6");
    ci_node *n = good_conv(&e, ops[i]);
    n->act.kind = CI_ACT_PRELU;
    n->act.slope = 1;
    refused(&e, CNNIMG_UNSUPPORTED, "216 slopes for 6 channels");
    good_conv(&e, ops[i])->act2.kind = 99;
    refused(&e, CNNIMG_UNSUPPORTED, "activation 99");
  }
  good_conv(&e, CI_OP_conv_transpose)->p.stride[0] = 65;
  refused(&e, CNNIMG_LIMIT, "strides of 65, 1; at most 64");
  good_conv(&e, CI_OP_conv)->p.dilation[0] = 3;
  refused(&e, CNNIMG_BADARG, "6 x 0 x 4");
}

/* A node of one map. */
static ci_node *plain(example *e, ci_op_id op, int32_t c, int32_t h, int32_t w) {
  example_begin(e, "wrong", 3);
  example_map(e, c, h, w, NULL);
  return example_node(e, op);
}

static void test_sizes(void **state) {
  (void)state;
  example e;
  plain(&e, CI_OP_depth_to_space, 6, 2, 2)->p.block = 2;
  refused(&e, CNNIMG_CORRUPT, "6 channels");
  plain(&e, CI_OP_depth_to_space, 6, 2, 2)->p.block = INT32_MAX;
  refused(&e, CNNIMG_CORRUPT, "2147483647");
  plain(&e, CI_OP_space_to_depth, 3, 4, 5)->p.block = 2;
  refused(&e, CNNIMG_BADARG, "5 wide and 4 high");
  ci_node *n = plain(&e, CI_OP_pad, 3, 4, 5);
  n->p.mode = CI_PAD_REFLECT;
  n->p.pads[0] = 4;
  refused(&e, CNNIMG_BADARG, "cannot reflect 4");
  plain(&e, CI_OP_pad, 3, 4, 5)->p.pads[3] = -5;
  refused(&e, CNNIMG_BADARG, "crop everything");
  plain(&e, CI_OP_pad, 3, 4, 5)->p.pads[1] = CI_PAD_EDGE + (1 << 30);
  refused(&e, CNNIMG_LIMIT, "pads of");
  plain(&e, CI_OP_slice, 3, 4, 5)->p.step = -1;
  refused(&e, CNNIMG_UNSUPPORTED, "step of -1");
  n = plain(&e, CI_OP_slice, 3, 4, 5);
  n->p.start = n->p.end = 2;
  refused(&e, CNNIMG_BADARG, "between 2 and 2 of 3");
  plain(&e, CI_OP_softmax, 3, 4, 5)->p.axis = 3;
  refused(&e, CNNIMG_UNSUPPORTED, "axis 3");
  plain(&e, CI_OP_flatten, 4096, 1024, 128);
  refused(&e, CNNIMG_LIMIT, "x 1 x 1");
  plain(&e, CI_OP_resize, 3, 4, 5);
  refused(&e, CNNIMG_CORRUPT, "neither a size nor a scale");
  n = plain(&e, CI_OP_resize, 3, 4, 5);
  n->p.scale[0] = NAN, n->p.scale[1] = 1;
  refused(&e, CNNIMG_CORRUPT, "a scale of");
  n = plain(&e, CI_OP_resize, 3, 4, 5);
  n->p.size[0] = n->p.size[1] = 8;
  n->p.scale[0] = 2, n->p.scale[1] = 3;
  refused(&e, CNNIMG_CORRUPT, "5 scaled by 3 is not 8");
  n = plain(&e, CI_OP_resize, 3, 4, 5);
  n->p.size[0] = n->p.size[1] = 8;
  n->p.roi[1] = 2;
  refused(&e, CNNIMG_UNSUPPORTED, "a part from 2 to 1");
  n = plain(&e, CI_OP_resize, 3, 4, 5);
  n->p.size[0] = n->p.size[1] = 8;
  n->p.coord = CI_COORD_TF_CROP_AND_RESIZE + 1;
  refused(&e, CNNIMG_UNSUPPORTED, "coordinates 7");
  n = plain(&e, CI_OP_pad, 3, 4, 5);
  n->p.mode = CI_PAD_REFLECT;
  n->p.pads[0] = 3, n->p.pads[2] = -1;
  refused(&e, CNNIMG_BADARG, "cannot reflect 3");
  n = plain(&e, CI_OP_pad, 3, 4, 5);
  n->p.pads[1] = -3, n->p.pads[3] = -2;
  refused(&e, CNNIMG_BADARG, "crop everything");
  plain(&e, CI_OP_pad, 3, 4, 5)->p.mode = CI_PAD_WRAP + 1;
  refused(&e, CNNIMG_UNSUPPORTED, "mode 4 is unknown");
  n = plain(&e, CI_OP_max_pool, 3, 4, 5);
  n->p.kernel[0] = n->p.kernel[1] = 65;
  refused(&e, CNNIMG_LIMIT, "kernel of 65 x 65");
  n = plain(&e, CI_OP_average_pool, 3, 4, 5);
  n->p.kernel[0] = n->p.kernel[1] = 2;
  n->p.pads[0] = 2;
  refused(&e, CNNIMG_UNSUPPORTED, "pads of 2, 0, 0, 0");
  plain(&e, CI_OP_activation, 3, 4, 5)->residual = 0;
  refused(&e, CNNIMG_UNSUPPORTED, "only convolutions");
}

static void two_maps(example *e, ci_op_id op, ci_shape a, ci_shape b) {
  example_begin(e, "wrong", 3);
  example_map(e, a.c, a.h, a.w, NULL);
  example_map(e, b.c, b.h, b.w, NULL);
  example_node(e, op);
}

static void test_pairs(void **state) {
  (void)state;
  example e;
  two_maps(&e, CI_OP_binary, (ci_shape){3, 4, 5}, (ci_shape){2, 4, 5});
  refused(&e, CNNIMG_CORRUPT, "3 x 4 x 5 and 'map' of 2 x 4 x 5");
  two_maps(&e, CI_OP_concat, (ci_shape){3, 4, 5}, (ci_shape){3, 3, 5});
  refused(&e, CNNIMG_CORRUPT, "3 x 3 x 5 beside 3 x 4 x 5");
  example_begin(&e, "wrong", 3);
  example_map(&e, 3, 1, 1, NULL);
  example_const(&e, 2, (const int64_t[2]){4, 2}, NULL);
  example_node(&e, CI_OP_dense);
  refused(&e, CNNIMG_CORRUPT, "takes 4 channels, the map has 3");
}

/* A map and a list of channels. */
static void picked(example *e, int64_t channel, ci_dtype dtype) {
  const int64_t dim[1] = {1};
  example_begin(e, "wrong", 3);
  example_map(e, 3, 4, 5, NULL);
  ci_tensor *t = ci_tensor_new(dtype, 1, dim);
  assert_non_null(t);
  if (dtype == CI_I64) memcpy(t->owned, &channel, sizeof channel);
  assert_true(ci_graph_add_value(e->g, "list", t) >= 0);
  example_node(e, CI_OP_pick);
}

static void test_channels(void **state) {
  (void)state;
  example e;
  picked(&e, 3, CI_I64);
  refused(&e, CNNIMG_CORRUPT, "channel 3 of 3");
  picked(&e, -1, CI_I64);
  refused(&e, CNNIMG_CORRUPT, "channel -1 of 3");
  picked(&e, 0, CI_F32);
  refused(&e, CNNIMG_UNSUPPORTED, "must be a constant of integers");
  two_maps(&e, CI_OP_affine, (ci_shape){3, 4, 5}, (ci_shape){5, 1, 1});
  refused(&e, CNNIMG_CORRUPT, "5 x 1 x 1 numbers for 3 channels");
  two_maps(&e, CI_OP_affine, (ci_shape){3, 4, 5}, (ci_shape){6, 1, 2});
  refused(&e, CNNIMG_CORRUPT, "6 x 1 x 2 numbers");
  two_maps(&e, CI_OP_grid_sample, (ci_shape){3, 4, 5}, (ci_shape){3, 4, 5});
  refused(&e, CNNIMG_CORRUPT, "3 channels, not 2");
  two_maps(&e, CI_OP_grid_sample, (ci_shape){3, 4, 5}, (ci_shape){2, 4, 5});
  e.n->p.mode = CI_RESIZE_CUBIC + 1;
  refused(&e, CNNIMG_UNSUPPORTED, "mode 3, padding 0");
  plain(&e, CI_OP_channel_reduce, 3, 4, 5)->p.mode = CI_REDUCE_COUNT;
  refused(&e, CNNIMG_UNSUPPORTED, "reduction 12");
  plain(&e, CI_OP_lrn, 3, 4, 5);
  refused(&e, CNNIMG_CORRUPT, "a window of 0");
  plain(&e, CI_OP_activation, 3, 4, 5)->act.kind = CI_ACT_COUNT;
  refused(&e, CNNIMG_UNSUPPORTED, "is unknown");
  example_begin(&e, "wrong", 3);
  example_map(&e, 3, 4, 5, NULL);
  example_const(&e, 1, (const int64_t[1]){4}, NULL);
  example_node(&e, CI_OP_layer_norm);
  refused(&e, CNNIMG_CORRUPT, "4 values instead of 3");
}

static void test_vectors(void **state) {
  (void)state;
  example e;
  ci_node *n = plain(&e, CI_OP_unflatten, 24, 1, 1);
  n->p.shape[0] = 2, n->p.shape[1] = 3, n->p.shape[2] = 5;
  refused(&e, CNNIMG_CORRUPT, "24 x 1 x 1 elements as a map of 2 x 3 x 5");
  n = plain(&e, CI_OP_unflatten, 24, 1, 1);
  n->p.shape[0] = n->p.shape[1] = n->p.shape[2] = INT32_MAX;
  refused(&e, CNNIMG_CORRUPT, "as a map of 2147483647");
  n = plain(&e, CI_OP_unflatten, 24, 2, 1);
  n->p.shape[0] = 24, n->p.shape[1] = 2, n->p.shape[2] = 1;
  refused(&e, CNNIMG_CORRUPT, "24 x 2 x 1 elements");
  n = plain(&e, CI_OP_unflatten, 70000 * 2, 1, 1);
  n->p.shape[0] = 70000, n->p.shape[1] = 2, n->p.shape[2] = 1;
  refused(&e, CNNIMG_LIMIT, "at most 65536");
}

static void test_broadcasts(void **state) {
  (void)state;
  example e;
  two_maps(&e, CI_OP_binary, (ci_shape){3, 4, 5}, (ci_shape){3, 4, 5});
  e.n->p.mode = CI_BINARY_COUNT;
  refused(&e, CNNIMG_UNSUPPORTED, "operation 18");
  two_maps(&e, CI_OP_binary, (ci_shape){3, 4, 5}, (ci_shape){3, 2, 5});
  refused(&e, CNNIMG_CORRUPT, "do not match");
  two_maps(&e, CI_OP_where, (ci_shape){3, 4, 5}, (ci_shape){3, 4, 5});
  refused(&e, CNNIMG_CORRUPT, "has 2 inputs");
  example_begin(&e, "wrong", 3);
  example_map(&e, 3, 4, 5, NULL);
  example_const(&e, 4, (const int64_t[4]){2, 3, 4, 5}, NULL);
  example_node(&e, CI_OP_binary);
  refused(&e, CNNIMG_UNSUPPORTED, "4 dimensions");
  example_begin(&e, "wrong", 3);
  example_const(&e, 1, (const int64_t[1]){1}, NULL);
  example_const(&e, 1, (const int64_t[1]){1}, NULL);
  example_node(&e, CI_OP_binary);
  refused(&e, CNNIMG_UNSUPPORTED, "no operand is a map");
}

/* Attention of 2 heads in windows of 4 x 2 on a map of 12 channels that is right. */
static ci_node *good_attention(example *e) {
  example_begin(e, "wrong", 3);
  example_map(e, 12, 8, 6, NULL);
  example_const(e, 3, (const int64_t[3]){2, 7, 3}, NULL);
  ci_node *n = example_node(e, CI_OP_window_attention);
  n->p.group = 2;
  n->p.kernel[0] = 4, n->p.kernel[1] = 2;
  return n;
}

static void test_attention(void **state) {
  (void)state;
  example e;
  good_attention(&e)->p.group = 3;
  refused(&e, CNNIMG_CORRUPT, "12 channels of queries, keys and values for 3 heads");
  good_attention(&e)->p.group = 0;
  refused(&e, CNNIMG_CORRUPT, "for 0 heads");
  good_attention(&e)->p.kernel[0] = 3;
  refused(&e, CNNIMG_BADARG, "8 pixels does not consist of windows of 3");
  good_attention(&e)->p.kernel[1] = 0;
  refused(&e, CNNIMG_UNSUPPORTED, "windows of 0 pixels");
  good_attention(&e)->p.pads[0] = 4;
  refused(&e, CNNIMG_UNSUPPORTED, "windows of 4 pixels, shifted by 4");
  good_attention(&e)->p.pads[1] = -1;
  refused(&e, CNNIMG_UNSUPPORTED, "shifted by -1");
  ci_node *n = good_attention(&e);
  n->p.pads[0] = n->p.pads[2] = 1;
  refused(&e, CNNIMG_UNSUPPORTED, "with 1 around");
  good_attention(&e)->p.pads[2] = INT32_MAX;
  refused(&e, CNNIMG_UNSUPPORTED, "with 2147483647 around");
  good_attention(&e)->p.pads[2] = 1024;
  refused(&e, CNNIMG_LIMIT, "at most 4096");
  good_attention(&e)->p.pads[2] = 1;
  refused(&e, CNNIMG_CORRUPT, "the bias is 2 x 7 x 3 instead of 2 x 9 x 3");
  good_attention(&e)->in[1] = 0;
  refused(&e, CNNIMG_UNSUPPORTED, "must be a constant");
}

/* Multiply-adds a pixel of the output, counted by hand. */
static void test_costs(void **state) {
  (void)state;
  example e;
  good_conv(&e, CI_OP_conv);
  example_finish(&e);
  assert_int_equal(ci_ops[CI_OP_conv]->macs(e.n, e.g, e.in, e.out), 3 * 3 * 4 * 6);
  example_free(&e);
  ci_node *n = good_conv(&e, CI_OP_conv_transpose);
  n->p.stride[0] = 3;
  example_finish(&e);
  assert_int_equal(ci_ops[CI_OP_conv_transpose]->macs(e.n, e.g, e.in, e.out), 3 * 4 * 6);
  example_free(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_convolutions), cmocka_unit_test(test_sizes),
                                     cmocka_unit_test(test_pairs), cmocka_unit_test(test_channels),
                                     cmocka_unit_test(test_vectors), cmocka_unit_test(test_broadcasts),
                                     cmocka_unit_test(test_attention), cmocka_unit_test(test_costs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
