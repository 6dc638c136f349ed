# libcnnimg/formats/local.mk - weight files
libcnnimg_libci_la_SOURCES += \
	libcnnimg/formats/caffe.c libcnnimg/formats/caffe.h libcnnimg/formats/caffe_blob.c \
	libcnnimg/formats/caffe_point.c libcnnimg/formats/caffe_shape.c libcnnimg/formats/caffe_whole.c \
	libcnnimg/formats/caffe_window.c \
	libcnnimg/formats/elements.c libcnnimg/formats/elements.h \
	libcnnimg/formats/emit.c libcnnimg/formats/emit.h \
	libcnnimg/formats/format.c libcnnimg/formats/format.h \
	libcnnimg/formats/formats.inc \
	libcnnimg/formats/hdf5.c \
	libcnnimg/formats/helper.h libcnnimg/formats/helper_run.c libcnnimg/formats/helper_store.c \
	libcnnimg/formats/keras.c libcnnimg/formats/keras.h libcnnimg/formats/keras_act.c \
	libcnnimg/formats/keras_args.c libcnnimg/formats/keras_conv.c libcnnimg/formats/keras_files.h \
	libcnnimg/formats/keras_graph.c libcnnimg/formats/keras_merge.c libcnnimg/formats/keras_model.h \
	libcnnimg/formats/keras_names.c libcnnimg/formats/keras_norm.c libcnnimg/formats/keras_ops.c \
	libcnnimg/formats/keras_pair.c libcnnimg/formats/keras_size.c libcnnimg/formats/keras_vars.c \
	libcnnimg/formats/keras_weights.c libcnnimg/formats/keras_zip.c \
	libcnnimg/formats/mat.c \
	libcnnimg/formats/matconvnet.c libcnnimg/formats/matconvnet.h libcnnimg/formats/matconvnet_dag.c \
	libcnnimg/formats/matconvnet_layers.c \
	libcnnimg/formats/ncnn.c libcnnimg/formats/ncnn.h libcnnimg/formats/ncnn_net.c \
	libcnnimg/formats/ncnn_param.c libcnnimg/formats/ncnn_point.c libcnnimg/formats/ncnn_shape.c \
	libcnnimg/formats/ncnn_space.c libcnnimg/formats/ncnn_weights.c \
	libcnnimg/formats/npz.c \
	libcnnimg/formats/onnx.c libcnnimg/formats/onnx.h libcnnimg/formats/onnx_emit.c \
	libcnnimg/formats/onnx_emit.h libcnnimg/formats/onnx_functions.c libcnnimg/formats/onnx_names.c \
	libcnnimg/formats/onnx_node.c libcnnimg/formats/onnx_scope.c libcnnimg/formats/onnx_tensor.c \
	libcnnimg/formats/onnx_write.c libcnnimg/formats/onnx_write.h libcnnimg/formats/onnx_write_node.c \
	libcnnimg/formats/pickle.c libcnnimg/formats/pickle.h libcnnimg/formats/pickle_machine.c \
	libcnnimg/formats/pickle_machine.h \
	libcnnimg/formats/refused.c \
	libcnnimg/formats/safetensors.c \
	libcnnimg/formats/scan.c libcnnimg/formats/scan.h \
	libcnnimg/formats/tf.c libcnnimg/formats/tf_array.c libcnnimg/formats/tf_attr.c \
	libcnnimg/formats/tf_checkpoint.c libcnnimg/formats/tf_graph.c libcnnimg/formats/tf_graph.h \
	libcnnimg/formats/tf_point.c libcnnimg/formats/tf_slice.c libcnnimg/formats/tf_table.c \
	libcnnimg/formats/tf_table.h libcnnimg/formats/tf_tensor.c libcnnimg/formats/tf_window.c \
	libcnnimg/formats/tfjs.c \
	libcnnimg/formats/torch.c libcnnimg/formats/torch.h libcnnimg/formats/torch_numpy.c \
	libcnnimg/formats/torch_remarks.c libcnnimg/formats/torch_tensor.c libcnnimg/formats/torch_walk.c \
	libcnnimg/formats/torch7.c libcnnimg/formats/torch7.h libcnnimg/formats/torch7_modules.c \
	libcnnimg/formats/torch7_net.c libcnnimg/formats/torch7_read.c \
	libcnnimg/formats/waifu2x.c \
	libcnnimg/formats/websr.c \
	libcnnimg/formats/wire.c libcnnimg/formats/wire.h
