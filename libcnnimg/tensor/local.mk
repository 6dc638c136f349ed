# libcnnimg/tensor/local.mk - operations on held arrays of any rank; the list of tables is tables.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tensor/tensor_op.h libcnnimg/tensor/held.h libcnnimg/tensor/tables.inc libcnnimg/tensor/array.h \
	libcnnimg/tensor/common.c \
	libcnnimg/tensor/same.c \
	libcnnimg/tensor/array.c \
	libcnnimg/tensor/binary.c \
	libcnnimg/tensor/cast.c \
	libcnnimg/tensor/einsum.c \
	libcnnimg/tensor/gather.c \
	libcnnimg/tensor/matmul.c \
	libcnnimg/tensor/move.c \
	libcnnimg/tensor/move2.c \
	libcnnimg/tensor/order.c \
	libcnnimg/tensor/pattern.c \
	libcnnimg/tensor/reduce.c \
	libcnnimg/tensor/scatter.c \
	libcnnimg/tensor/unary.c
