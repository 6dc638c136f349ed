# tests/exec - streaming
check_PROGRAMS += tests/exec/test_stream
TESTS += tests/exec/test_stream
tests_exec_test_stream_SOURCES = tests/exec/test_stream.c
