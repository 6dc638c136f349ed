# samples/local.mk - pictures and programs to start from; built with the tests, never installed
check_PROGRAMS += samples/denoise_memory
samples_denoise_memory_SOURCES = samples/denoise_memory.c
samples_denoise_memory_LDADD = libcnnimg/libcnnimg.la $(LIBM)

EXTRA_DIST += samples/README.md samples/make_noisy.py samples/make_before_after.py samples/before-after.jpg \
	samples/photos/blue-periwinkle.jpg samples/photos/chelsea.jpg \
	samples/photos/oakland-zoo-otters.jpg samples/photos/singaporean-cityscape.jpg \
	samples/noisy/blue-periwinkle.jpg samples/noisy/chelsea.png \
	samples/noisy/oakland-zoo-otters.jpg samples/noisy/singaporean-cityscape.jpg
