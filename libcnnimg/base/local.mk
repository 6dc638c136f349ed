libcnnimg_libci_la_SOURCES += \
	libcnnimg/base/cancel.h \
	libcnnimg/base/cpu.c libcnnimg/base/cpu.h \
	libcnnimg/base/cursor.c libcnnimg/base/cursor.h \
	libcnnimg/base/error.c libcnnimg/base/error.h \
	libcnnimg/base/half.h \
	libcnnimg/base/json.c libcnnimg/base/json.h \
	libcnnimg/base/keep.c libcnnimg/base/keep.h \
	libcnnimg/base/memory.c libcnnimg/base/memory.h \
	libcnnimg/base/newfile.c libcnnimg/base/newfile.h \
	libcnnimg/base/source.c libcnnimg/base/source.h \
	libcnnimg/base/spool.c libcnnimg/base/spool.h \
	libcnnimg/base/threads.c libcnnimg/base/threads.h \
	libcnnimg/base/zip.c libcnnimg/base/zip.h
