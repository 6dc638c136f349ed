libcnnimg_libci_la_SOURCES += \
	libcnnimg/image/absent.c \
	libcnnimg/image/cmyk.c libcnnimg/image/cmyk.h \
	libcnnimg/image/codecs.c libcnnimg/image/codecs.inc \
	libcnnimg/image/convert.c \
	libcnnimg/image/exif.c \
	libcnnimg/image/exiftexts.c \
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

if HAVE_WEBP
libcnnimg_libci_la_SOURCES += libcnnimg/image/webp.c
libcnnimg_libci_la_SOURCES += libcnnimg/image/webpwrite.c libcnnimg/image/webpwrite.h
endif
if HAVE_TIFF
libcnnimg_libci_la_SOURCES += \
	libcnnimg/image/tiff.c libcnnimg/image/tiff.h \
	libcnnimg/image/tiffopen.c libcnnimg/image/tiffopen.h \
	libcnnimg/image/tiffparts.c libcnnimg/image/tiffparts.h \
	libcnnimg/image/tiffpixels.c libcnnimg/image/tiffpixels.h \
	libcnnimg/image/tiffread.h libcnnimg/image/tiffrows.c \
	libcnnimg/image/tiffwrite.c
endif
