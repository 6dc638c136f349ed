# libcnnimg/net/local.mk - what is computed
libcnnimg_libci_la_SOURCES += \
	libcnnimg/net/adapt.c libcnnimg/net/adapt.h \
	libcnnimg/net/attention.h \
	libcnnimg/net/build.c libcnnimg/net/build_layers.c libcnnimg/net/build.h \
	libcnnimg/net/finite.c libcnnimg/net/finite.h libcnnimg/net/fold.c libcnnimg/net/norm.c libcnnimg/net/norm.h libcnnimg/net/fold.h \
	libcnnimg/net/function.c libcnnimg/net/function.h \
	libcnnimg/net/graph.c libcnnimg/net/graph.h \
	libcnnimg/net/map.c libcnnimg/net/map.h \
	libcnnimg/net/ops.inc \
	libcnnimg/net/order.c libcnnimg/net/order.h \
	libcnnimg/net/permute.c libcnnimg/net/permute.h \
	libcnnimg/net/program.c libcnnimg/net/program_sort.c libcnnimg/net/program.h \
	libcnnimg/net/shuffle.c libcnnimg/net/shuffle.h \
	libcnnimg/net/simplify.c \
	libcnnimg/net/sort.c \
	libcnnimg/net/store.c libcnnimg/net/store.h \
	libcnnimg/net/tensor.c libcnnimg/net/tensor.h \
	libcnnimg/net/window_attention.c libcnnimg/net/window_attention.h
