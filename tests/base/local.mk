# tests/base/local.mk
