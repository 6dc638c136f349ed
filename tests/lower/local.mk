# tests/lower/local.mk
check_PROGRAMS += tests/lower/test_lower
TESTS += tests/lower/test_lower
tests_lower_test_lower_SOURCES = tests/lower/test_lower.c tests/lower/reference.c tests/lower/reference.h \
	tests/net/interpret.c tests/net/interpret.h
tests_lower_test_lower_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/lower/make_lower.py tests/lower/data
