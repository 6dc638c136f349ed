# libcnnimg/formats/local.mk
