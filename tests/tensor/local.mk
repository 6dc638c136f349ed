# tests/tensor/local.mk - every tensor operation against ONNX's reference; refusals and hostile values
tensor_harness = tests/tensor/harness.c tests/tensor/harness.h
check_PROGRAMS += tests/tensor/test_hostile tests/tensor/test_nn tests/tensor/test_refusals tests/tensor/test_tensor
TESTS += tests/tensor/test_hostile tests/tensor/test_nn tests/tensor/test_refusals tests/tensor/test_tensor
tests_tensor_test_hostile_SOURCES = tests/tensor/test_hostile.c $(tensor_harness)
tests_tensor_test_refusals_SOURCES = tests/tensor/test_refusals.c $(tensor_harness)
tests_tensor_test_tensor_SOURCES = tests/tensor/test_tensor.c $(tensor_harness)
tests_tensor_test_nn_SOURCES = tests/tensor/test_nn.c $(tensor_harness)
check_PROGRAMS += tests/tensor/test_share tests/tensor/test_openblas
TESTS += tests/tensor/test_share tests/tensor/test_openblas
tests_tensor_test_share_SOURCES = tests/tensor/test_share.c tests/tensor/large.c tests/tensor/large.h $(tensor_harness)
tests_tensor_test_openblas_SOURCES = tests/tensor/test_openblas.c tests/tensor/large.c tests/tensor/large.h $(tensor_harness)
EXTRA_DIST += tests/tensor/README.md tests/tensor/golden.py \
	tests/tensor/make_golden.py tests/tensor/golden.txt tests/tensor/golden.bin \
	tests/tensor/make_golden_nn.py tests/tensor/golden_nn.txt tests/tensor/golden_nn.bin
