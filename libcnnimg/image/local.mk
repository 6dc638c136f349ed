libcnnimg_libci_la_SOURCES += \
	libcnnimg/image/codecs.c libcnnimg/image/codecs.inc \
	libcnnimg/image/convert.c \
	libcnnimg/image/exif.c \
	libcnnimg/image/image.h \
	libcnnimg/image/jpeg.c \
	libcnnimg/image/jpegmeta.c libcnnimg/image/jpegmeta.h \
	libcnnimg/image/limits.c \
	libcnnimg/image/meta.c \
	libcnnimg/image/pfm.c \
	libcnnimg/image/png.c \
	libcnnimg/image/pngparts.c libcnnimg/image/pngparts.h \
	libcnnimg/image/pnm.c libcnnimg/image/pnm.h \
	libcnnimg/image/reader.c \
	libcnnimg/image/turn.c libcnnimg/image/turn.h \
	libcnnimg/image/writer.c
