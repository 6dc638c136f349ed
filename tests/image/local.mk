# tests/image/local.mk
