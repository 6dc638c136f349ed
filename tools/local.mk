# tools/local.mk - the tools: one driver, and a description for each of them
bin_PROGRAMS += tools/cnn-colorize tools/cnn-denoise tools/cnn-inpaint tools/cnn-upscale
man_MANS += tools/cnn-colorize.1 tools/cnn-denoise.1 tools/cnn-inpaint.1 tools/cnn-upscale.1
EXTRA_DIST += tools/cnn-colorize.1.in tools/cnn-denoise.1.in tools/cnn-inpaint.1.in tools/cnn-upscale.1.in $(man_parts)
CLEANFILES += tools/cnn-colorize.1 tools/cnn-denoise.1 tools/cnn-inpaint.1 tools/cnn-upscale.1

driver_sources = \
	tools/before.c \
	tools/besides.c tools/cards.c \
	tools/driver.c \
	tools/driver.h \
	tools/files.c \
	tools/help.c \
	tools/kernels.c \
	tools/lane.c \
	tools/levels.c \
	tools/measure.c \
	tools/models.c \
	tools/naming.c \
	tools/near.c \
	tools/options.c \
	tools/pick.c \
	tools/progress.c \
	tools/report.c \
	tools/rows.c \
	tools/signals.c \
	tools/values.c \
	tools/walk.c \
	tools/work.c \
	tools/written.c

tools_cnn_colorize_SOURCES = tools/colorize.c tools/colours.c tools/colours.h $(driver_sources)
tools_cnn_colorize_LDADD = libcnnimg/libcnnimg.la $(LIBM)
tools_cnn_denoise_SOURCES = tools/denoise.c $(driver_sources)
tools_cnn_denoise_LDADD = libcnnimg/libcnnimg.la $(LIBM)
tools_cnn_inpaint_SOURCES = tools/inpaint.c tools/masks.c tools/masks.h $(driver_sources)
tools_cnn_inpaint_LDADD = libcnnimg/libcnnimg.la $(LIBM)
tools_cnn_upscale_SOURCES = tools/upscale.c $(driver_sources)
tools_cnn_upscale_LDADD = libcnnimg/libcnnimg.la $(LIBM)

# A tool's page is its own part (NAME.1.in) around the parts that all pages share.
man_parts = tools/description.man tools/options.man
tools/%.1: tools/%.1.in $(man_parts)
	@$(MKDIR_P) tools
	$(AM_V_GEN)sed -e '/^@description@$$/{' -e 'r $(srcdir)/tools/description.man' -e 'd' -e '}' \
	  -e '/^@options@$$/{' -e 'r $(srcdir)/tools/options.man' -e 'd' -e '}' '$(srcdir)/tools/$*.1.in' >$@.new && mv $@.new $@

# Completion: the same for all tools, which say their options themselves.
tool_names = cnn-colorize cnn-denoise cnn-inpaint cnn-upscale
EXTRA_DIST += tools/completion/cnnimg.bash
zshfunctionsdir = $(datadir)/zsh/site-functions
dist_zshfunctions_DATA = tools/completion/_cnnimg
bashcompletionsdir = $(datadir)/bash-completion/completions
install-data-local: install-completions
uninstall-local: uninstall-completions
.PHONY: install-completions uninstall-completions
install-completions:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletionsdir)'
	@for t in $(tool_names); do \
	  $(INSTALL_DATA) '$(srcdir)/tools/completion/cnnimg.bash' '$(DESTDIR)$(bashcompletionsdir)'/$$t || exit 1; done
uninstall-completions:
	@for t in $(tool_names); do rm -f '$(DESTDIR)$(bashcompletionsdir)'/$$t; done
