# tests/archs/local.mk - test_arch compiles arch.c again, with a list of architectures of its own
check_PROGRAMS += tests/archs/test_arch
TESTS += tests/archs/test_arch
tests_archs_test_arch_SOURCES = tests/archs/test_arch.c tests/archs/fake/archs/archs.inc tests/base/heap.c \
	tests/base/heap.h
tests_archs_test_arch_CPPFLAGS = -I$(srcdir)/tests/archs/fake $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/archs/test_torch_module
TESTS += tests/archs/test_torch_module
tests_archs_test_torch_module_SOURCES = tests/archs/test_torch_module.c
