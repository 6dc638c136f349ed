# tests/lower/local.mk
lower_tests = tests/lower/test_function tests/lower/test_lower
lower_helpers = tests/lower/reference.c tests/lower/reference.h tests/net/interpret.c tests/net/interpret.h
check_PROGRAMS += $(lower_tests)
TESTS += $(lower_tests)
tests_lower_test_function_SOURCES = tests/lower/test_function.c $(lower_helpers)
tests_lower_test_function_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_lower_test_lower_SOURCES = tests/lower/test_lower.c $(lower_helpers)
tests_lower_test_lower_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/lower/make_lower.py tests/lower/random_lower.py tests/lower/data
