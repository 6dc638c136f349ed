# tests/formats/local.mk
check_PROGRAMS += tests/formats/test_onnx
TESTS += tests/formats/test_onnx
tests_formats_test_onnx_SOURCES = tests/formats/test_onnx.c tests/net/interpret.c tests/net/interpret.h
tests_formats_test_onnx_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/make_onnx.py tests/formats/data tests/fuzz/fuzz_onnx.c
