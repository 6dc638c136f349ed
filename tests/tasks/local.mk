# tests/tasks - noise estimate, source rows, pictures that wrap around, eight turns averaged
check_PROGRAMS += tests/tasks/test_noise tests/tasks/test_rows tests/tasks/test_wrap tests/tasks/test_augment
TESTS += tests/tasks/test_noise tests/tasks/test_rows tests/tasks/test_wrap tests/tasks/test_augment
tests_tasks_test_noise_SOURCES = tests/tasks/test_noise.c
tests_tasks_test_rows_SOURCES = tests/tasks/test_rows.c
ways = tests/tasks/ways.c tests/tasks/ways.h tests/api/door.c tests/api/door.h
tests_tasks_test_wrap_SOURCES = tests/tasks/test_wrap.c $(ways)
tests_tasks_test_augment_SOURCES = tests/tasks/test_augment.c $(ways)
