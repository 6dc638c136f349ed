# tests/formats/local.mk
check_PROGRAMS += tests/formats/test_onnx
TESTS += tests/formats/test_onnx
tests_formats_test_onnx_SOURCES = tests/formats/test_onnx.c tests/net/interpret.c tests/net/interpret.h
tests_formats_test_onnx_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
check_PROGRAMS += tests/formats/test_onnx_write
TESTS += tests/formats/test_onnx_write
tests_formats_test_onnx_write_SOURCES = tests/formats/test_onnx_write.c tests/formats/proto.c tests/formats/proto.h
tests_formats_test_onnx_write_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/check_saved.py
EXTRA_DIST += tests/formats/make_onnx.py tests/formats/data tests/fuzz/fuzz_onnx.c

# ONNX's own examples as a table: make check compares it with the committed one, which
#     tests/formats/onnx_node_tests --table >tests/formats/onnx-node-tests.txt    makes (from the top of the source)
check_PROGRAMS += tests/formats/onnx_node_tests
TESTS += tests/formats/onnx_node_tests
tests_formats_onnx_node_tests_SOURCES = tests/formats/onnx_node_tests.c tests/formats/node_example.c \
	tests/formats/node_example.h tests/formats/proto.c tests/formats/proto.h
tests_formats_onnx_node_tests_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/onnx-node-tests.txt tests/formats/onnx-node-excuses.txt
