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
	samples/make_colours.py samples/make_lineart.py samples/page/lineart.jpg samples/make_holes.py samples/page/holes.jpg samples/page/colorize.jpg samples/page/colorize-worst.jpg \
	samples/page/colorize-hints.jpg samples/page/colorize-page.png samples/make_page.py samples/page/denoise.jpg samples/page/deblock.jpg \
	samples/page/upscale-x2.jpg samples/page/upscale-x3.jpg samples/page/upscale-x4.jpg samples/page/upscale-fast.jpg

# ---- the page that colours by clicking ----
EXTRA_DIST += samples/colorize-page/README.md samples/colorize-page/page.html samples/colorize-page/browser.py
if HAVE_MICROHTTPD
check_PROGRAMS += samples/colorize-page/colorize-page
samples_colorize_page_colorize_page_SOURCES = samples/colorize-page/page.h samples/colorize-page/server.c \
	samples/colorize-page/picture.c samples/colorize-page/shrink.c
samples_colorize_page_colorize_page_CPPFLAGS = $(AM_CPPFLAGS) -I$(builddir)/samples/colorize-page $(MICROHTTPD_CFLAGS)
samples_colorize_page_colorize_page_LDADD = libcnnimg/libcnnimg.la $(MICROHTTPD_LIBS) $(LIBM)
samples/colorize-page/colorize_page-server.$(OBJEXT): samples/colorize-page/page.inc
endif
samples/colorize-page/page.inc: samples/colorize-page/page.html
	$(AM_V_GEN)$(MKDIR_P) samples/colorize-page && od -An -v -tu1 '$(srcdir)/samples/colorize-page/page.html' | \
	  sed 's/\([0-9]\)  *\([0-9]\)/\1, \2/g; s/\([0-9]\)  *\([0-9]\)/\1, \2/g; s/$$/,/' >$@
CLEANFILES += samples/colorize-page/page.inc
dist_check_SCRIPTS += samples/colorize-page/check.sh
TESTS += samples/colorize-page/check.sh
