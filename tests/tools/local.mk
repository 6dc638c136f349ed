# tests/tools/local.mk - the tools, from the shell
check_PROGRAMS += tests/tools/mkpic
tests_tools_mkpic_SOURCES = tests/tools/mkpic.c
tests_tools_mkpic_LDADD = libcnnimg/libcnnimg.la $(LIBM)

check_PROGRAMS += tests/tools/hue
tests_tools_hue_SOURCES = tests/tools/hue.c
tests_tools_hue_LDADD = libcnnimg/libcnnimg.la $(LIBM)

check_PROGRAMS += tests/tools/hole
tests_tools_hole_SOURCES = tests/tools/hole.c
tests_tools_hole_LDADD = libcnnimg/libcnnimg.la $(LIBM)

check_PROGRAMS += tests/tools/texture
tests_tools_texture_SOURCES = tests/tools/texture.c
tests_tools_texture_LDADD = libcnnimg/libcnnimg.la $(LIBM)

check_PROGRAMS += tests/tools/test_lane
TESTS += tests/tools/test_lane
tests_tools_test_lane_SOURCES = tests/tools/test_lane.c tools/lane.c tools/driver.h
tests_tools_test_lane_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools

tool_tests = \
	tests/tools/colorize.sh \
	tests/tools/colorize_photo.sh \
	tests/tools/colours.sh \
	tests/tools/common.sh \
	tests/tools/completion.sh \
	tests/tools/deblur.sh \
	tests/tools/denoise.sh \
	tests/tools/folders.sh \
	tests/tools/formats.sh \
	tests/tools/hostile.sh \
	tests/tools/inpaint.sh \
	tests/tools/interrupt.sh \
	tests/tools/json.sh \
	tests/tools/kill.sh \
	tests/tools/lanes.sh \
	tests/tools/lineart.sh \
	tests/tools/models.sh \
	tests/tools/ncnn.sh \
	tests/tools/near.sh \
	tests/tools/neighbours.sh \
	tests/tools/options.sh \
	tests/tools/rules.sh \
	tests/tools/same-bytes.sh \
	tests/tools/save.sh \
	tests/tools/upscale.sh \
	tests/tools/webp-tiff.sh \
	tests/tools/wrap.sh \
	tests/tools/zoo.sh
dist_check_SCRIPTS += $(tool_tests)
TESTS += $(tool_tests)
EXTRA_DIST += tests/tools/lib.sh

check_PROGRAMS += tests/tools/zoo/zoo
tests_tools_zoo_zoo_SOURCES = tests/tools/zoo/zoo.h tests/tools/zoo/zoo.c tests/tools/zoo/picture.c tests/tools/zoo/png.c \
	tests/tools/zoo/jpeg.c tests/tools/zoo/extras.c tests/tools/zoo/make.c tests/tools/zoo/check.c
tests_tools_zoo_zoo_LDADD = $(PNG_LIBS) $(JPEG_LIBS) $(ZLIB_LIBS) $(LIBM)
EXTRA_DIST += tests/tools/zoo/agree.py tests/tools/zoo/make_nets.py tests/tools/zoo/identity-grey.onnx
