# tests/formats/local.mk
