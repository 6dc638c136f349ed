# libcnnimg/formats/local.mk - weight files
libcnnimg_libci_la_SOURCES += \
	libcnnimg/formats/format.c libcnnimg/formats/format.h libcnnimg/formats/formats.inc \
	libcnnimg/formats/elements.c libcnnimg/formats/elements.h \
	libcnnimg/formats/keras.h \
	libcnnimg/formats/ncnn.c libcnnimg/formats/ncnn.h libcnnimg/formats/ncnn_net.c \
	libcnnimg/formats/ncnn_param.c libcnnimg/formats/ncnn_point.c libcnnimg/formats/ncnn_shape.c \
	libcnnimg/formats/ncnn_space.c libcnnimg/formats/ncnn_weights.c \
	libcnnimg/formats/scan.c libcnnimg/formats/scan.h \
	libcnnimg/formats/torch7.c libcnnimg/formats/torch7.h libcnnimg/formats/torch7_net.c \
	libcnnimg/formats/torch7_modules.c libcnnimg/formats/torch7_read.c \
	libcnnimg/formats/waifu2x.c libcnnimg/formats/websr.c \
	libcnnimg/formats/npz.c \
	libcnnimg/formats/pickle.c libcnnimg/formats/pickle.h \
	libcnnimg/formats/safetensors.c \
	libcnnimg/formats/torch.c libcnnimg/formats/torch_walk.c libcnnimg/formats/torch.h \
	libcnnimg/formats/onnx.c libcnnimg/formats/onnx.h \
	libcnnimg/formats/onnx_names.c \
	libcnnimg/formats/onnx_node.c \
	libcnnimg/formats/onnx_tensor.c \
	libcnnimg/formats/onnx_wire.c
