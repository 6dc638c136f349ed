# tests/kernels/local.mk - vector tables against the reference
check_PROGRAMS += tests/kernels/test_activations tests/kernels/test_fft tests/kernels/test_kernels tests/kernels/test_winograd
TESTS += tests/kernels/test_activations tests/kernels/test_fft tests/kernels/test_kernels tests/kernels/test_winograd
tests_kernels_test_activations_SOURCES = tests/kernels/test_activations.c
tests_kernels_test_fft_SOURCES = tests/kernels/test_fft.c
tests_kernels_test_kernels_SOURCES = tests/kernels/test_kernels.c
tests_kernels_test_winograd_SOURCES = tests/kernels/test_winograd.c
check_PROGRAMS += tests/kernels/test_gemm
TESTS += tests/kernels/test_gemm
tests_kernels_test_gemm_SOURCES = tests/kernels/test_gemm.c
check_PROGRAMS += tests/kernels/test_patch
TESTS += tests/kernels/test_patch
tests_kernels_test_patch_SOURCES = tests/kernels/test_patch.c
