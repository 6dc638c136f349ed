# tests/tasks - noise estimate, source rows, resampling, colour under transparent pixels
check_PROGRAMS += tests/tasks/test_bleed tests/tasks/test_noise tests/tasks/test_resample tests/tasks/test_rows
TESTS += tests/tasks/test_bleed tests/tasks/test_noise tests/tasks/test_resample tests/tasks/test_rows
tests_tasks_test_bleed_SOURCES = tests/tasks/test_bleed.c
tests_tasks_test_noise_SOURCES = tests/tasks/test_noise.c
tests_tasks_test_resample_SOURCES = tests/tasks/test_resample.c
tests_tasks_test_rows_SOURCES = tests/tasks/test_rows.c
EXTRA_DIST += tests/tasks/make_resample.py tests/tasks/data/resample.bin
