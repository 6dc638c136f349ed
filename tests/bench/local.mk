# tests/bench - measuring, by hand: quality and agreement with other programs
EXTRA_DIST += tests/bench/denoise.py tests/bench/onnxruntime_agrees.py tests/bench/zoo.py

# bench --net FILE --size WxH --threads N --json: built by `make check`, run by hand
check_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = tests/bench/bench.c tests/bench/npy.c tests/bench/npy.h
tests_bench_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

# large_kernels [SIDE]: what Fourier tiles of every size cost and gain
check_PROGRAMS += tests/bench/large_kernels
tests_bench_large_kernels_SOURCES = tests/bench/large_kernels.c

# transforms: ours beside FFTW's, where that is found
if HAVE_FFTW
check_PROGRAMS += tests/bench/transforms
tests_bench_transforms_SOURCES = tests/bench/transforms.c
tests_bench_transforms_CPPFLAGS = $(AM_CPPFLAGS) $(FFTW_CFLAGS)
tests_bench_transforms_LDADD = $(LDADD) $(FFTW_LIBS)
endif
