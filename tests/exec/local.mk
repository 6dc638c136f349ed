# tests/exec - streaming
check_PROGRAMS += tests/exec/test_stream
TESTS += tests/exec/test_stream
tests_exec_test_stream_SOURCES = tests/exec/test_stream.c tests/exec/nets.c tests/exec/nets.h
tests_exec_test_stream_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
check_PROGRAMS += tests/exec/test_pixels
TESTS += tests/exec/test_pixels
tests_exec_test_pixels_SOURCES = tests/exec/test_pixels.c
check_PROGRAMS += tests/exec/test_packs
TESTS += tests/exec/test_packs
tests_exec_test_packs_SOURCES = tests/exec/test_packs.c tests/exec/nets.c tests/exec/nets.h
tests_exec_test_packs_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
