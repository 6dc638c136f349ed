# tests/api - the public door
check_PROGRAMS += tests/api/test_cnnimg
TESTS += tests/api/test_cnnimg
tests_api_test_cnnimg_SOURCES = tests/api/test_cnnimg.c
