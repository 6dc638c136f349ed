# tests/ops/local.mk
