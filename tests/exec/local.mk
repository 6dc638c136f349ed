# tests/exec/local.mk
