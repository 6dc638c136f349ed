# samples/local.mk - pictures and programs to start from; built with the tests, never installed
sample_programs = samples/denoise_memory samples/preview samples/rows samples/symbols samples/text
sample_libs = libcnnimg/libcnnimg.la $(LIBM)
check_PROGRAMS += $(sample_programs)
samples_denoise_memory_SOURCES = samples/denoise_memory.c
samples_denoise_memory_LDADD = $(sample_libs)
samples_preview_SOURCES = samples/preview.c
samples_preview_LDADD = $(sample_libs)
samples_rows_SOURCES = samples/rows.c
samples_rows_LDADD = $(sample_libs)
samples_symbols_SOURCES = samples/symbols.c
samples_symbols_LDADD = $(sample_libs)
samples_text_SOURCES = samples/text.c
samples_text_LDADD = $(sample_libs)

# make installcheck: the same programs built with pkg-config against what was installed, in C and in C++
EXTRA_DIST += samples/check.sh samples/check-installed.sh samples/denoise.py
installcheck-local:
	top='$(abs_top_srcdir)' bindir='$(DESTDIR)$(bindir)' libdir='$(DESTDIR)$(libdir)' \
	  pkgconfigdir='$(DESTDIR)$(pkgconfigdir)' CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' \
	  FLAGS='$(sanitize_flags)' '$(srcdir)/samples/check-installed.sh'

EXTRA_DIST += samples/symbols/train.py samples/symbols/symbols.onnx samples/symbols/symbols.txt samples/symbols/card.md \
	samples/text/train.py samples/text/words.txt samples/text/text.onnx samples/text/card.md
EXTRA_DIST += samples/README.md samples/make_noisy.py samples/make_before_after.py samples/before-after.jpg \
	samples/photos/blue-periwinkle.jpg samples/photos/chelsea.jpg \
	samples/photos/oakland-zoo-otters.jpg samples/photos/singaporean-cityscape.jpg \
	samples/noisy/blue-periwinkle.jpg samples/noisy/chelsea.png \
	samples/noisy/oakland-zoo-otters.jpg samples/noisy/singaporean-cityscape.jpg \
	samples/make_page.py samples/page/denoise.jpg samples/page/deblock.jpg \
	samples/page/upscale-x2.jpg samples/page/upscale-x3.jpg samples/page/upscale-x4.jpg samples/page/upscale-fast.jpg
