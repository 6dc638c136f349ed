# tests/tasks - noise, deblurring, holes, source rows, resampling, colour under transparent pixels, wrapping, turns
tasks_tests = \
	tests/tasks/test_augment \
	tests/tasks/test_bleed \
	tests/tasks/test_colorize \
	tests/tasks/test_inpaint \
	tests/tasks/test_deblur \
	tests/tasks/test_doubt \
	tests/tasks/test_lineart \
	tests/tasks/test_noise \
	tests/tasks/test_patch \
	tests/tasks/test_poisson \
	tests/tasks/test_resample \
	tests/tasks/test_rows \
	tests/tasks/test_spread \
	tests/tasks/test_wrap
check_PROGRAMS += $(tasks_tests)
TESTS += $(tasks_tests)
tests_tasks_test_bleed_SOURCES = tests/tasks/test_bleed.c
tests_tasks_test_doubt_SOURCES = tests/tasks/test_doubt.c
tests_tasks_test_noise_SOURCES = tests/tasks/test_noise.c
tests_tasks_test_patch_SOURCES = tests/tasks/test_patch.c tests/base/heap.c tests/base/heap.h
tests_tasks_test_patch_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_tasks_test_poisson_SOURCES = tests/tasks/test_poisson.c
tests_tasks_test_resample_SOURCES = tests/tasks/test_resample.c
tests_tasks_test_rows_SOURCES = tests/tasks/test_rows.c
tests_tasks_test_spread_SOURCES = tests/tasks/test_spread.c
EXTRA_DIST += tests/tasks/make_colorize.py tests/tasks/data/colorize.onnx tests/tasks/data/colorize.f32 \
	tests/tasks/data/sepia.onnx tests/tasks/data/place.onnx
EXTRA_DIST += tests/tasks/standin.py tests/tasks/make_inpaint.py tests/tasks/data/inpaint.onnx tests/tasks/data/inpaint.f32
EXTRA_DIST += tests/tasks/make_resample.py tests/tasks/data/resample.bin
ways = tests/tasks/ways.c tests/tasks/ways.h tests/api/door.c tests/api/door.h
tests_tasks_test_colorize_SOURCES = tests/tasks/test_colorize.c $(ways)
tests_tasks_test_lineart_SOURCES = tests/tasks/test_lineart.c tests/base/heap.c tests/base/heap.h $(ways)
tests_tasks_test_lineart_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/tasks/make_lineart.py tests/tasks/data/lineart.onnx tests/tasks/data/lineart-place.onnx
tests_tasks_test_inpaint_SOURCES = tests/tasks/test_inpaint.c $(ways)
tests_tasks_test_wrap_SOURCES = tests/tasks/test_wrap.c $(ways)
tests_tasks_test_augment_SOURCES = tests/tasks/test_augment.c $(ways)
tests_tasks_test_deblur_SOURCES = tests/tasks/test_deblur.c $(ways)
EXTRA_DIST += tests/tasks/make_deblur.py tests/tasks/data/deblur.bin tests/tasks/data/deblur-kernel.png \
	tests/tasks/data/deblur-seen.png tests/tasks/data/deblur-truth.png
