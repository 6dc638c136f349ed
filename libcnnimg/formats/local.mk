# libcnnimg/formats/local.mk - weight files
libcnnimg_libci_la_SOURCES += \
	libcnnimg/formats/format.c libcnnimg/formats/format.h libcnnimg/formats/formats.inc \
	libcnnimg/formats/keras.h \
	libcnnimg/formats/onnx.c libcnnimg/formats/onnx.h \
	libcnnimg/formats/onnx_names.c \
	libcnnimg/formats/onnx_node.c \
	libcnnimg/formats/onnx_tensor.c \
	libcnnimg/formats/onnx_wire.c
