# libcnnimg/archs/local.mk - architectures, for weight files that carry no graph
libcnnimg_libci_la_SOURCES += \
	libcnnimg/archs/arch.c libcnnimg/archs/arch.h libcnnimg/archs/archs.inc \
	libcnnimg/archs/weights.c libcnnimg/archs/weights.h \
	libcnnimg/archs/dncnn.c \
	libcnnimg/archs/hat.c \
	libcnnimg/archs/omnisr.c \
	libcnnimg/archs/scunet.c \
	libcnnimg/archs/swinir.c \
	libcnnimg/archs/transformer.c libcnnimg/archs/transformer.h
