# libcnnimg/archs/local.mk - architectures, for weight files that carry no graph
libcnnimg_libci_la_SOURCES += \
	libcnnimg/archs/arch.c libcnnimg/archs/arch.h libcnnimg/archs/archs.inc \
	libcnnimg/archs/weights.c libcnnimg/archs/weights.h \
	libcnnimg/archs/dcscn.c \
	libcnnimg/archs/dncnn.c \
	libcnnimg/archs/keras_dncnn.c libcnnimg/archs/keras_resnetsr.c libcnnimg/archs/keras_srcnn.c \
	libcnnimg/archs/turned.c libcnnimg/archs/turned.h
