# libcnnimg/local.mk - the library: every object in libci.la, its public face in libcnnimg.la

# libci.la holds every object, with the names that tests may call; libcnnimg.la is the same with cnnimg_* only.
noinst_LTLIBRARIES += libcnnimg/libci.la
libcnnimg_libci_la_SOURCES = \
  libcnnimg/cnnimg.h libcnnimg/cnnimg_private.h \
  libcnnimg/cnnimg.c libcnnimg/cnnimg_run.c libcnnimg/cnnimg_file.c libcnnimg/cnnimg_model.c
libcnnimg_libci_la_LIBADD = $(JPEG_LIBS) $(PNG_LIBS) $(WEBP_LIBS) $(TIFF_LIBS) $(LCMS2_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS) $(FFTW_LIBS) $(THREAD_LIBS) $(DL_LIBS) $(LIBM)

lib_LTLIBRARIES += libcnnimg/libcnnimg.la
libcnnimg_libcnnimg_la_SOURCES =
libcnnimg_libcnnimg_la_LIBADD = libcnnimg/libci.la
# current:revision:age; the recipe for a new number is in libtool's manual, "Updating library version information"
libcnnimg_libcnnimg_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0
if VERSION_SCRIPT
libcnnimg_libcnnimg_la_LDFLAGS += -Wl,--version-script=$(srcdir)/libcnnimg/libcnnimg.map
libcnnimg_libcnnimg_la_DEPENDENCIES = libcnnimg/libci.la $(srcdir)/libcnnimg/libcnnimg.map
endif

include_HEADERS = libcnnimg/cnnimg.h
pkgconfig_DATA = libcnnimg/libcnnimg.pc
EXTRA_DIST += libcnnimg/libcnnimg.map
