# libcnnimg/ops/local.mk - one op one file; the list is libcnnimg/net/ops.inc
libcnnimg_libci_la_SOURCES += \
	libcnnimg/ops/op.h libcnnimg/ops/ops.c \
	libcnnimg/ops/common.c libcnnimg/ops/common.h \
	libcnnimg/ops/window.c libcnnimg/ops/window.h \
	libcnnimg/ops/pool.c libcnnimg/ops/pool.h \
	libcnnimg/ops/activation.c \
	libcnnimg/ops/affine.c \
	libcnnimg/ops/average_pool.c \
	libcnnimg/ops/batch_norm.c \
	libcnnimg/ops/binary.c \
	libcnnimg/ops/broadcast.c libcnnimg/ops/broadcast.h \
	libcnnimg/ops/channel_reduce.c \
	libcnnimg/ops/concat.c \
	libcnnimg/ops/conv.c \
	libcnnimg/ops/conv_fft.c libcnnimg/ops/conv_fft.h \
	libcnnimg/ops/conv_transpose.c \
	libcnnimg/ops/conv_winograd.c libcnnimg/ops/conv_winograd.h \
	libcnnimg/ops/dense.c \
	libcnnimg/ops/depth_to_space.c \
	libcnnimg/ops/flatten.c \
	libcnnimg/ops/fold.c \
	libcnnimg/ops/grid_sample.c \
	libcnnimg/ops/held.c \
	libcnnimg/ops/layer_norm.c \
	libcnnimg/ops/lrn.c \
	libcnnimg/ops/max_pool.c \
	libcnnimg/ops/moments.c \
	libcnnimg/ops/pad.c \
	libcnnimg/ops/pick.c \
	libcnnimg/ops/reduce.c \
	libcnnimg/ops/resize.c libcnnimg/ops/resize_axis.c libcnnimg/ops/resize.h \
	libcnnimg/ops/slice.c \
	libcnnimg/ops/softmax.c \
	libcnnimg/ops/space_to_depth.c \
	libcnnimg/ops/unflatten.c \
	libcnnimg/ops/where.c \
	libcnnimg/ops/window_attention.c
