# libcnnimg/tensor/local.mk - operations on held arrays of any rank; the list of tables is tables.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tensor/tensor_op.h libcnnimg/tensor/held.h libcnnimg/tensor/tables.inc \
	libcnnimg/tensor/common.c \
	libcnnimg/tensor/same.c
