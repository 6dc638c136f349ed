# libcnnimg/tensor/local.mk - operations on held arrays of any rank; the list of tables is tables.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tensor/tensor_op.h libcnnimg/tensor/held.h libcnnimg/tensor/tables.inc \
	libcnnimg/tensor/array.c libcnnimg/tensor/array.h \
	libcnnimg/tensor/binary.c \
	libcnnimg/tensor/cast.c \
	libcnnimg/tensor/common.c \
	libcnnimg/tensor/einsum.c \
	libcnnimg/tensor/gather.c \
	libcnnimg/tensor/held.c \
	libcnnimg/tensor/matmul.c \
	libcnnimg/tensor/move.c \
	libcnnimg/tensor/move2.c \
	libcnnimg/tensor/order.c \
	libcnnimg/tensor/pattern.c \
	libcnnimg/tensor/reduce.c \
	libcnnimg/tensor/same.c libcnnimg/tensor/share.c \
	libcnnimg/tensor/scatter.c \
	libcnnimg/tensor/unary.c \
	libcnnimg/tensor/nn.h libcnnimg/tensor/nn_resize.h \
	libcnnimg/tensor/nn_attention.c \
	libcnnimg/tensor/nn_common.c \
	libcnnimg/tensor/nn_conv.c \
	libcnnimg/tensor/nn_conv_transpose.c \
	libcnnimg/tensor/nn_grid.c \
	libcnnimg/tensor/nn_norm.c \
	libcnnimg/tensor/nn_norm_axes.c \
	libcnnimg/tensor/nn_pad.c \
	libcnnimg/tensor/nn_pool.c \
	libcnnimg/tensor/nn_pool_all.c \
	libcnnimg/tensor/nn_resize.c \
	libcnnimg/tensor/nn_resize_plan.c \
	libcnnimg/tensor/nn_space.c \
	libcnnimg/tensor/nn_window.c
