# tests/bench - measuring, by hand: quality and agreement with other programs
EXTRA_DIST += tests/bench/augment.py tests/bench/colorize.py tests/bench/deblur.py tests/bench/denoise.py tests/bench/filters.py tests/bench/inpaint.py tests/bench/onnxruntime_agrees.py \
	tests/bench/zoo.py tests/bench/nets.py tests/bench/nets_lib.py tests/bench/float64.py \
	tests/bench/bench.py tests/bench/engines.py tests/bench/peer.py

# bench --net FILE --size WxH --threads N --json: built by `make check`, run by hand
check_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = tests/bench/bench.c tests/bench/npy.c tests/bench/npy.h
tests_bench_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

# load FILE: seconds and memory of loading weights; load.py makes the files
check_PROGRAMS += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c tests/base/heap.c tests/base/heap.h
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/bench/load.py

# the processor's own limit, for bench.py
check_PROGRAMS += tests/bench/peak
tests_bench_peak_SOURCES = tests/bench/peak.c

# Beside other runtimes, which it installs into tests/bench/run of the build folder; bench.py says what BENCH_ARGS may be.
BENCH_WITH = python3
BENCH_ARGS =
.PHONY: bench
bench: tests/bench/bench$(EXEEXT) tests/bench/peak$(EXEEXT)
	$(BENCH_WITH) -B $(srcdir)/tests/bench/bench.py --programs tests/bench --folder tests/bench/run $(BENCH_ARGS)

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

# patch IN.ppm MASK.pgm OUT.ppm: patch fill alone; patch.py compares it over benchmark pictures
check_PROGRAMS += tests/bench/patch
tests_bench_patch_SOURCES = tests/bench/patch.c
EXTRA_DIST += tests/bench/patch.py
