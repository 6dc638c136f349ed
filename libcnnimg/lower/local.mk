# libcnnimg/lower/local.mk - from programs to graphs
libcnnimg_libci_la_SOURCES += \
	libcnnimg/lower/lower.c libcnnimg/lower/lower.h \
	libcnnimg/lower/norm.c \
	libcnnimg/lower/picture.c \
	libcnnimg/lower/point.c \
	libcnnimg/lower/shape.c \
	libcnnimg/lower/space.c \
	libcnnimg/lower/state.h \
	libcnnimg/lower/values.c \
	libcnnimg/lower/window.c libcnnimg/lower/subpixel.c libcnnimg/lower/subpixel.h
