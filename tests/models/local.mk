# tests/models/local.mk - the built-in models are as good as their cards say
check_PROGRAMS += tests/models/psnr
tests_models_psnr_SOURCES = tests/models/psnr.c
tests_models_psnr_LDADD = libcnnimg/libcnnimg.la $(LIBM)

dist_check_SCRIPTS += tests/models/cards.sh
TESTS += tests/models/cards.sh
crops = tests/models/data/blue-periwinkle tests/models/data/chelsea tests/models/data/oakland-zoo-otters \
	tests/models/data/singaporean-cityscape
EXTRA_DIST += tests/models/make_crops.py $(crops:=.png) $(crops:=.noisy25.png) $(crops:=.x2.png) $(crops:=.x3.png) \
	$(crops:=.x4.png) $(crops:=.q10.jpg) $(crops:=.q40.jpg) $(crops:=.q95.jpg) \
	$(crops:=.hole.png) $(crops:=.line.png)
