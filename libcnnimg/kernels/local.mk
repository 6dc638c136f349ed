# libcnnimg/kernels/local.mk
