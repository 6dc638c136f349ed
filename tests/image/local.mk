# tests/image/local.mk
check_PROGRAMS += tests/image/test_reader tests/image/test_writer
TESTS += tests/image/test_reader tests/image/test_writer
tests_image_test_reader_SOURCES = tests/image/test_reader.c tests/image/fixture.c tests/image/fixture.h
tests_image_test_writer_SOURCES = tests/image/test_writer.c tests/image/fixture.c tests/image/fixture.h
EXTRA_DIST += tests/image/make_fixtures.py tests/image/data
