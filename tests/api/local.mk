# tests/api - the public door
api_tests = \
	tests/api/test_cnnimg tests/api/test_views tests/api/test_sizes tests/api/test_regions \
	tests/api/test_tensors tests/api/test_behind tests/api/test_enlarge tests/api/test_threads tests/api/test_failure tests/api/test_share tests/api/test_save
check_PROGRAMS += $(api_tests)
TESTS += $(api_tests)
door = tests/api/door.c tests/api/door.h
tests_api_test_cnnimg_SOURCES = tests/api/test_cnnimg.c
tests_api_test_behind_SOURCES = tests/api/test_behind.c $(door)
tests_api_test_enlarge_SOURCES = tests/api/test_enlarge.c $(door)
tests_api_test_sizes_SOURCES = tests/api/test_sizes.c $(door)
tests_api_test_regions_SOURCES = tests/api/test_regions.c $(door)
tests_api_test_tensors_SOURCES = tests/api/test_tensors.c $(door)
tests_api_test_threads_SOURCES = tests/api/test_threads.c $(door)
tests_api_test_share_SOURCES = tests/api/test_share.c $(door)
tests_api_test_save_SOURCES = tests/api/test_save.c
tests_api_test_failure_SOURCES = tests/api/test_failure.c $(door)
tests_api_test_failure_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
tests_api_test_views_SOURCES = tests/api/test_views.c $(door)

# What compiled programs rely on: the header, read by a script, against a committed list.
check_PROGRAMS += tests/api/abi
tests_api_abi_SOURCES = tests/api/abi.c
nodist_tests_api_abi_SOURCES = tests/api/abi.inc
tests_api_abi_LDADD = libcnnimg/libcnnimg.la
tests/api/abi.inc: $(srcdir)/libcnnimg/cnnimg.h $(srcdir)/tests/api/abi.awk
	$(AM_V_GEN)$(MKDIR_P) tests/api && $(AWK) -f $(srcdir)/tests/api/abi.awk $(srcdir)/libcnnimg/cnnimg.h >$@.new && mv $@.new $@
tests/api/abi.$(OBJEXT): tests/api/abi.inc
CLEANFILES += tests/api/abi.inc
dist_check_SCRIPTS += tests/api/check-abi.sh
TESTS += tests/api/check-abi.sh

EXTRA_DIST += tests/api/abi.awk tests/api/abi.txt
EXTRA_DIST += tests/api/make_nets.py tests/api/data/README.md \
	tests/api/data/arrays.onnx tests/api/data/double.onnx tests/api/data/halves.onnx tests/api/data/identity.onnx \
	tests/api/data/inputs.onnx tests/api/data/last.onnx tests/api/data/odd.onnx tests/api/data/quality.onnx tests/api/data/reverse.onnx tests/api/data/shift.onnx tests/api/data/told.onnx \
	tests/api/data/upvalid.onnx tests/api/data/valid.onnx tests/api/data/grey.onnx tests/api/data/luma.onnx \
	tests/api/data/studio.onnx tests/api/data/fixed.onnx \
	tests/api/data/grey-13x9.f32 tests/api/data/grey-40x21.f32 tests/api/data/luma-13x9.f32 tests/api/data/luma-40x21.f32 \
	tests/api/data/studio-13x9.f32 tests/api/data/studio-40x21.f32 tests/api/data/fixed-13x9.f32 tests/api/data/fixed-40x21.f32 \
	tests/api/data/odd-13x9.f32 tests/api/data/odd-1x1.f32 tests/api/data/odd-40x21.f32 \
	tests/api/data/upvalid-13x9.f32 tests/api/data/upvalid-1x1.f32 tests/api/data/upvalid-40x21.f32 \
	tests/api/data/valid-13x9.f32 tests/api/data/valid-1x1.f32 tests/api/data/valid-40x21.f32
