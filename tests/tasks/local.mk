# tests/tasks/local.mk
