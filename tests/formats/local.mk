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

# Every format's fixtures (data/*/): their answers, and what becomes of them when they are damaged
check_PROGRAMS += tests/formats/test_fixtures tests/formats/test_hostile_formats
TESTS += tests/formats/test_fixtures tests/formats/test_hostile_formats
tests_formats_test_fixtures_SOURCES = tests/formats/test_fixtures.c tests/formats/feed.c tests/formats/feed.h \
	tests/formats/folder.c tests/formats/folder.h tests/bench/npy.c tests/bench/npy.h
tests_formats_test_fixtures_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_formats_test_hostile_formats_SOURCES = tests/formats/test_hostile_formats.c tests/formats/mutate.c \
	tests/formats/mutate.h tests/formats/folder.c tests/formats/folder.h tests/base/heap.c tests/base/heap.h
tests_formats_test_hostile_formats_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/make_archs.py tests/formats/make_onnx_pairs.py tests/formats/make_transformers.py tests/formats/README.md tests/fuzz/fuzz_formats.c

# ONNX's own examples as a table: make check compares it with the committed one, which
#     tests/formats/onnx_node_tests --table >tests/formats/onnx-node-tests.txt    makes (from the top of the source)
check_PROGRAMS += tests/formats/onnx_node_tests
TESTS += tests/formats/onnx_node_tests
tests_formats_onnx_node_tests_SOURCES = tests/formats/onnx_node_tests.c tests/formats/node_example.c \
	tests/formats/node_example.h tests/formats/proto.c tests/formats/proto.h
tests_formats_onnx_node_tests_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/onnx-node-tests.txt tests/formats/onnx-node-excuses.txt

# PyTorch's, safetensors' and NumPy's files put together by hand
check_PROGRAMS += tests/formats/test_npz tests/formats/test_safetensors tests/formats/test_torch
TESTS += tests/formats/test_npz tests/formats/test_safetensors tests/formats/test_torch
tests_formats_test_torch_SOURCES = tests/formats/test_torch.c tests/base/blob.c tests/base/blob.h tests/base/heap.c \
	tests/base/heap.h
tests_formats_test_npz_SOURCES = tests/formats/test_npz.c tests/base/blob.c tests/base/blob.h
tests_formats_test_npz_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_formats_test_safetensors_SOURCES = tests/formats/test_safetensors.c tests/base/blob.c tests/base/blob.h
tests_formats_test_safetensors_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_formats_test_torch_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/make_torch.py
# names of tensors in Keras' files, and files that belong together
check_PROGRAMS += tests/formats/test_keras_files
TESTS += tests/formats/test_keras_files
tests_formats_test_keras_files_SOURCES = tests/formats/test_keras_files.c
EXTRA_DIST += tests/formats/make_keras.py tests/formats/make_mat.py

# ncnn's, Torch7's, waifu2x's and WebSR's files put together by hand
check_PROGRAMS += tests/formats/test_ncnn tests/formats/test_torch7
TESTS += tests/formats/test_ncnn tests/formats/test_torch7
tests_formats_test_ncnn_SOURCES = tests/formats/test_ncnn.c tests/base/blob.c tests/base/blob.h
tests_formats_test_ncnn_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_formats_test_torch7_SOURCES = tests/formats/test_torch7.c
EXTRA_DIST += tests/formats/make_ncnn.py tests/formats/make_json_t7.py
# Hand-made attacks on graphs of Keras, TensorFlow and Caffe
check_PROGRAMS += tests/formats/test_graphs
TESTS += tests/formats/test_graphs
tests_formats_test_graphs_SOURCES = tests/formats/test_graphs.c
EXTRA_DIST += tests/formats/make_caffe.py tests/formats/make_tensorflow.py tests/formats/make_tfjs.py
# Messages that are cut off between two of their parts
check_PROGRAMS += tests/formats/test_cut
TESTS += tests/formats/test_cut
tests_formats_test_cut_SOURCES = tests/formats/test_cut.c tests/formats/folder.c tests/formats/folder.h
tests_formats_test_cut_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
# Weights that are no numbers, in every format that keeps floats as they are
check_PROGRAMS += tests/formats/test_finite
TESTS += tests/formats/test_finite
tests_formats_test_finite_SOURCES = tests/formats/test_finite.c tests/formats/folder.c tests/formats/folder.h
tests_formats_test_finite_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
