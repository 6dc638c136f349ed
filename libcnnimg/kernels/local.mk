# libcnnimg/kernels/local.mk - one convenience library an instruction set: each needs flags of its own

kernel_cflags = $(AM_CFLAGS) -O2 -ffp-contract=fast -fno-math-errno

libcnnimg_libci_la_SOURCES += \
	libcnnimg/kernels/kernels.h libcnnimg/kernels/kinds.h \
	libcnnimg/kernels/vec.h libcnnimg/kernels/vec_math.h libcnnimg/kernels/body.h \
	libcnnimg/kernels/winograd.h libcnnimg/kernels/wino_lines.h libcnnimg/kernels/points.h \
	libcnnimg/kernels/winograd_pack.c \
	libcnnimg/kernels/fft.h libcnnimg/kernels/fft_multiply.h libcnnimg/kernels/turns.h libcnnimg/kernels/fft_pack.c \
	libcnnimg/kernels/ref_fft.h libcnnimg/kernels/ref_fft.c \
	libcnnimg/kernels/ref_winograd.h libcnnimg/kernels/ref_winograd.c \
	libcnnimg/kernels/gemm.h libcnnimg/kernels/gemm.c libcnnimg/kernels/gemm_tile.h \
	libcnnimg/kernels/patch_distance.h \
	libcnnimg/kernels/dct.c libcnnimg/kernels/dct.h \
	libcnnimg/kernels/deconvolve.c libcnnimg/kernels/deconvolve.h \
	libcnnimg/kernels/dispatch.c libcnnimg/kernels/pack.c libcnnimg/kernels/ref.c \
	libcnnimg/kernels/resample.c libcnnimg/kernels/resample.h \
	libcnnimg/kernels/scalar.c libcnnimg/kernels/scalar.h

noinst_LTLIBRARIES += libcnnimg/kernels/libvec.la
libcnnimg_kernels_libvec_la_SOURCES = libcnnimg/kernels/vec.c
libcnnimg_kernels_libvec_la_CFLAGS = $(kernel_cflags)
libcnnimg_libci_la_LIBADD += libcnnimg/kernels/libvec.la

# FFTW is seen by one file alone.
noinst_LTLIBRARIES += libcnnimg/kernels/libfftw.la
libcnnimg_kernels_libfftw_la_SOURCES = libcnnimg/kernels/fftw.c libcnnimg/kernels/fftw.h
libcnnimg_kernels_libfftw_la_CPPFLAGS = $(AM_CPPFLAGS) $(fftw_cppflags)
libcnnimg_libci_la_LIBADD += libcnnimg/kernels/libfftw.la

if X86_64
noinst_LTLIBRARIES += libcnnimg/kernels/libavx2.la libcnnimg/kernels/libavx512.la
libcnnimg_kernels_libavx2_la_SOURCES = libcnnimg/kernels/avx2.c
libcnnimg_kernels_libavx2_la_CFLAGS = $(kernel_cflags) -mavx2 -mfma -mprfchw
libcnnimg_kernels_libavx512_la_SOURCES = libcnnimg/kernels/avx512.c
libcnnimg_kernels_libavx512_la_CFLAGS = $(kernel_cflags) -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma \
	-mprefer-vector-width=512
libcnnimg_libci_la_LIBADD += libcnnimg/kernels/libavx2.la libcnnimg/kernels/libavx512.la
endif

if AARCH64
noinst_LTLIBRARIES += libcnnimg/kernels/libneon.la
libcnnimg_kernels_libneon_la_SOURCES = libcnnimg/kernels/neon.c
libcnnimg_kernels_libneon_la_CFLAGS = $(kernel_cflags) $(neon_cflags)
libcnnimg_libci_la_LIBADD += libcnnimg/kernels/libneon.la
endif
