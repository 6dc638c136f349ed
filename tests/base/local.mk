# tests/base/local.mk
check_PROGRAMS += tests/base/test_cursor tests/base/test_error tests/base/test_json tests/base/test_memory tests/base/test_source \
	tests/base/test_spool tests/base/test_threads tests/base/test_zip
TESTS += tests/base/test_cursor tests/base/test_error tests/base/test_json tests/base/test_memory tests/base/test_source \
	tests/base/test_spool tests/base/test_threads tests/base/test_zip
tests_base_test_cursor_SOURCES = tests/base/test_cursor.c
tests_base_test_error_SOURCES = tests/base/test_error.c
tests_base_test_json_SOURCES = tests/base/test_json.c
tests_base_test_memory_SOURCES = tests/base/test_memory.c
tests_base_test_source_SOURCES = tests/base/test_source.c
tests_base_test_spool_SOURCES = tests/base/test_spool.c
tests_base_test_threads_SOURCES = tests/base/test_threads.c
tests_base_test_zip_SOURCES = tests/base/test_zip.c tests/base/blob.c tests/base/blob.h
tests_base_test_zip_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
