# tests/tasks - noise estimate, jobs
check_PROGRAMS += tests/tasks/test_noise
TESTS += tests/tasks/test_noise
tests_tasks_test_noise_SOURCES = tests/tasks/test_noise.c
