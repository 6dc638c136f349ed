# libcnnimg/image/local.mk
