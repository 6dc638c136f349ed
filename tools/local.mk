# tools/local.mk - the tools: one driver, and a description for each of them
bin_PROGRAMS += tools/cnn-denoise
dist_man_MANS += tools/cnn-denoise.1

driver_sources = \
	tools/cards.c tools/driver.c tools/driver.h tools/help.c tools/lane.c tools/levels.c tools/measure.c tools/models.c tools/naming.c tools/options.c \
	tools/progress.c tools/report.c tools/rows.c tools/signals.c tools/values.c tools/walk.c tools/work.c

tools_cnn_denoise_SOURCES = tools/denoise.c $(driver_sources)
tools_cnn_denoise_LDADD = libcnnimg/libcnnimg.la $(LIBM)
