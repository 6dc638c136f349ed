# libcnnimg/lower/local.mk - from programs to graphs
libcnnimg_libci_la_SOURCES += \
	libcnnimg/lower/lower.h
