# libcnnimg/archs/local.mk - architectures, for weight files that carry no graph
libcnnimg_libci_la_SOURCES += \
	libcnnimg/archs/arch.c libcnnimg/archs/arch.h libcnnimg/archs/archs.inc \
	libcnnimg/archs/weights.c libcnnimg/archs/weights.h \
	libcnnimg/archs/carn.c \
	libcnnimg/archs/colorize_dilated.c \
	libcnnimg/archs/cunet.c \
	libcnnimg/archs/dcscn.c \
	libcnnimg/archs/dncnn.c \
	libcnnimg/archs/drunet.c \
	libcnnimg/archs/dysample.c \
	libcnnimg/archs/edsr.c \
	libcnnimg/archs/espcn.c \
	libcnnimg/archs/esrgan.c \
	libcnnimg/archs/ffdnet.c \
	libcnnimg/archs/hat.c \
	libcnnimg/archs/imdn.c \
	libcnnimg/archs/keras_dncnn.c libcnnimg/archs/keras_resnetsr.c libcnnimg/archs/keras_srcnn.c \
	libcnnimg/archs/luma.c \
	libcnnimg/archs/mosr.c \
	libcnnimg/archs/nafnet.c \
	libcnnimg/archs/omnisr.c \
	libcnnimg/archs/parts.c libcnnimg/archs/parts.h \
	libcnnimg/archs/plksr.c \
	libcnnimg/archs/safmn.c \
	libcnnimg/archs/scunet.c \
	libcnnimg/archs/span.c \
	libcnnimg/archs/srresnet.c \
	libcnnimg/archs/srvgg.c \
	libcnnimg/archs/swiftsrgan.c \
	libcnnimg/archs/swinir.c \
	libcnnimg/archs/torch_layers.c libcnnimg/archs/torch_layers.h \
	libcnnimg/archs/torch_module.c \
	libcnnimg/archs/transformer.c libcnnimg/archs/transformer.h \
	libcnnimg/archs/turned.c libcnnimg/archs/turned.h \
	libcnnimg/archs/vdsr_mat.c \
	libcnnimg/archs/waifu2x_chainer.c \
	libcnnimg/archs/waifu2x_torch.c
