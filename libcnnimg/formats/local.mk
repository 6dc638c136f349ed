# libcnnimg/formats/local.mk - weight files
libcnnimg_libci_la_SOURCES += \
	libcnnimg/formats/format.c libcnnimg/formats/format.h libcnnimg/formats/formats.inc \
	libcnnimg/formats/elements.c libcnnimg/formats/elements.h \
	libcnnimg/formats/keras.h \
	libcnnimg/formats/npz.c \
	libcnnimg/formats/pickle.c libcnnimg/formats/pickle.h \
	libcnnimg/formats/pickle_machine.c libcnnimg/formats/pickle_machine.h \
	libcnnimg/formats/safetensors.c \
	libcnnimg/formats/torch.c libcnnimg/formats/torch.h \
	libcnnimg/formats/torch_numpy.c \
	libcnnimg/formats/torch_remarks.c \
	libcnnimg/formats/torch_tensor.c \
	libcnnimg/formats/torch_walk.c \
	libcnnimg/formats/onnx.c libcnnimg/formats/onnx.h \
	libcnnimg/formats/onnx_names.c \
	libcnnimg/formats/onnx_node.c \
	libcnnimg/formats/onnx_tensor.c \
	libcnnimg/formats/onnx_wire.c
