# libcnnimg/ops/local.mk
