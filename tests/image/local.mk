# tests/image/local.mk
image_tests = tests/image/test_convert tests/image/test_exif tests/image/test_reader tests/image/test_writer
check_PROGRAMS += $(image_tests)
TESTS += $(image_tests)
tests_image_test_convert_SOURCES = tests/image/test_convert.c tests/image/fixture.c tests/image/fixture.h
tests_image_test_exif_SOURCES = tests/image/test_exif.c tests/image/fixture.c tests/image/fixture.h
tests_image_test_reader_SOURCES = tests/image/test_reader.c tests/image/fixture.c tests/image/fixture.h
tests_image_test_writer_SOURCES = tests/image/test_writer.c tests/image/fixture.c tests/image/fixture.h
EXTRA_DIST += tests/image/make_fixtures.py tests/image/make_codecs.py tests/image/data tests/fuzz/fuzz_image.c tests/fuzz/damage_tools.py
