# tests/tasks - noise estimate, source rows
check_PROGRAMS += tests/tasks/test_noise tests/tasks/test_rows
TESTS += tests/tasks/test_noise tests/tasks/test_rows
tests_tasks_test_noise_SOURCES = tests/tasks/test_noise.c
tests_tasks_test_rows_SOURCES = tests/tasks/test_rows.c
