# tests/local.mk - tests that belong to no room
