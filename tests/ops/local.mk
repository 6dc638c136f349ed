# tests/ops/local.mk - every op against ONNX's reference, and what the contract promises
ops_harness = tests/ops/harness.c tests/ops/harness.h
check_PROGRAMS += tests/ops/test_contract tests/ops/test_conv_fft tests/ops/test_drawn tests/ops/test_golden tests/ops/test_lecture tests/ops/test_refusals
TESTS += tests/ops/test_contract tests/ops/test_conv_fft tests/ops/test_drawn tests/ops/test_golden tests/ops/test_lecture tests/ops/test_refusals
tests_ops_test_contract_SOURCES = tests/ops/test_contract.c $(ops_harness)
tests_ops_test_conv_fft_SOURCES = tests/ops/test_conv_fft.c $(ops_harness)
tests_ops_test_drawn_SOURCES = tests/ops/test_drawn.c $(ops_harness)
tests_ops_test_golden_SOURCES = tests/ops/test_golden.c $(ops_harness)
tests_ops_test_lecture_SOURCES = tests/ops/test_lecture.c $(ops_harness)
tests_ops_test_refusals_SOURCES = tests/ops/test_refusals.c $(ops_harness)
EXTRA_DIST += tests/ops/README.md tests/ops/golden.bin tests/ops/golden.txt tests/ops/make_golden.py
