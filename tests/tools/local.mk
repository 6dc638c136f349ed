# tests/tools/local.mk
