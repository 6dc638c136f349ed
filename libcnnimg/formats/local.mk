# libcnnimg/formats/local.mk - weight files
libcnnimg_libci_la_SOURCES += \
	libcnnimg/formats/format.c libcnnimg/formats/format.h libcnnimg/formats/formats.inc \
	libcnnimg/formats/elements.c libcnnimg/formats/elements.h \
	libcnnimg/formats/npz.c \
	libcnnimg/formats/pickle.c libcnnimg/formats/pickle.h \
	libcnnimg/formats/safetensors.c \
	libcnnimg/formats/torch.c libcnnimg/formats/torch_walk.c libcnnimg/formats/torch.h \
	libcnnimg/formats/hdf5.c \
	libcnnimg/formats/helper.h libcnnimg/formats/helper_run.c libcnnimg/formats/helper_store.c \
	libcnnimg/formats/keras.h \
	libcnnimg/formats/keras_files.h libcnnimg/formats/keras_names.c \
	libcnnimg/formats/keras_pair.c \
	libcnnimg/formats/keras_vars.c \
	libcnnimg/formats/keras_zip.c \
	libcnnimg/formats/mat.c \
	libcnnimg/formats/matconvnet.c libcnnimg/formats/matconvnet.h \
	libcnnimg/formats/matconvnet_dag.c \
	libcnnimg/formats/matconvnet_layers.c \
	libcnnimg/formats/onnx.c libcnnimg/formats/onnx.h \
	libcnnimg/formats/onnx_names.c \
	libcnnimg/formats/onnx_node.c \
	libcnnimg/formats/onnx_tensor.c \
	libcnnimg/formats/onnx_wire.c
libcnnimg_libci_la_SOURCES += libcnnimg/formats/keras_stub.c
