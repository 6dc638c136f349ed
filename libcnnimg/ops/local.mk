# libcnnimg/ops/local.mk - one op one file; the list is libcnnimg/net/ops.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/ops/op.h libcnnimg/ops/ops.c \
	libcnnimg/ops/common.c libcnnimg/ops/common.h \
	libcnnimg/ops/window.c libcnnimg/ops/window.h \
	libcnnimg/ops/pool.c libcnnimg/ops/pool.h \
	libcnnimg/ops/activation.c \
	libcnnimg/ops/average_pool.c \
	libcnnimg/ops/batch_norm.c \
	libcnnimg/ops/binary.c \
	libcnnimg/ops/concat.c \
	libcnnimg/ops/conv.c \
	libcnnimg/ops/conv_transpose.c \
	libcnnimg/ops/conv_winograd.c libcnnimg/ops/conv_winograd.h \
	libcnnimg/ops/dense.c \
	libcnnimg/ops/depth_to_space.c \
	libcnnimg/ops/flatten.c \
	libcnnimg/ops/global_average_pool.c \
	libcnnimg/ops/global_max_pool.c \
	libcnnimg/ops/max_pool.c \
	libcnnimg/ops/pad.c \
	libcnnimg/ops/resize.c \
	libcnnimg/ops/slice.c \
	libcnnimg/ops/softmax.c \
	libcnnimg/ops/space_to_depth.c
