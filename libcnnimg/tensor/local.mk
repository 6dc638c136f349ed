# libcnnimg/tensor/local.mk - operations on held arrays of any rank; the list of tables is tables.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tensor/tensor_op.h libcnnimg/tensor/held.h libcnnimg/tensor/tables.inc \
	libcnnimg/tensor/binary.c \
	libcnnimg/tensor/common.c \
	libcnnimg/tensor/gather.c \
	libcnnimg/tensor/held.c \
	libcnnimg/tensor/make.c \
	libcnnimg/tensor/matmul.c \
	libcnnimg/tensor/move.c \
	libcnnimg/tensor/reduce.c \
	libcnnimg/tensor/row.c \
	libcnnimg/tensor/same.c \
	libcnnimg/tensor/unary.c \
	libcnnimg/tensor/view.c
