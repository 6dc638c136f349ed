# helper/local.mk - cnnimg-hdf5, the program that reads HDF5 and MAT files for the library, in a process of its own
helper_sources = helper/helper.h helper/hdf5.c helper/items.c helper/lock.c helper/mat5.c helper/read.c
helper_cppflags = $(AM_CPPFLAGS) -DHELPER_SECCOMP=$(helper_seccomp)
helper_libs =
if HAVE_HDF5
helper_cppflags += -DHELPER_HDF5=1 $(HDF5_CFLAGS)
helper_libs += $(HDF5_LIBS)
endif
if HAVE_MATIO
helper_cppflags += -DHELPER_MATIO=1 $(MATIO_CFLAGS)
helper_libs += $(MATIO_LIBS) $(ZLIB_LIBS)
endif

# All but main(), for the program and for tests/helper.
if HELPER
noinst_LTLIBRARIES += helper/libhelper.la
helper_libhelper_la_SOURCES = $(helper_sources)
helper_libhelper_la_CPPFLAGS = $(helper_cppflags)
helper_libhelper_la_LIBADD = $(helper_libs)

pkglibexec_PROGRAMS += helper/cnnimg-hdf5
helper_cnnimg_hdf5_SOURCES = helper/main.c
helper_cnnimg_hdf5_LDADD = helper/libhelper.la
endif
EXTRA_DIST += helper/README.md
