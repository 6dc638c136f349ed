# tests/archs/local.mk - networks that are known by the names of their tensors; the files are tests/formats/data/{architectures,transformers}
check_PROGRAMS += tests/archs/test_archs
TESTS += tests/archs/test_archs
tests_archs_test_archs_SOURCES = tests/archs/test_archs.c tests/bench/npy.c tests/bench/npy.h
tests_archs_test_archs_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

# test_arch compiles arch.c again, with a list of architectures of its own
check_PROGRAMS += tests/archs/test_arch
TESTS += tests/archs/test_arch
tests_archs_test_arch_SOURCES = tests/archs/test_arch.c tests/archs/fake/archs/archs.inc tests/base/heap.c \
	tests/base/heap.h
tests_archs_test_arch_CPPFLAGS = -I$(srcdir)/tests/archs/fake $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/archs/test_torch_module
TESTS += tests/archs/test_torch_module
tests_archs_test_torch_module_SOURCES = tests/archs/test_torch_module.c

# The networks of tests/formats/data/architectures: known by name, refused once they are damaged
check_PROGRAMS += tests/archs/test_convnets
TESTS += tests/archs/test_convnets
tests_archs_test_convnets_SOURCES = tests/archs/test_convnets.c tests/formats/feed.c tests/formats/feed.h \
	tests/formats/folder.c tests/formats/folder.h tests/bench/npy.c tests/bench/npy.h
tests_archs_test_convnets_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/formats/make_archs_more.py

check_PROGRAMS += tests/archs/test_levels
TESTS += tests/archs/test_levels
tests_archs_test_levels_SOURCES = tests/archs/test_levels.c tests/bench/npy.c tests/bench/npy.h
tests_archs_test_levels_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
