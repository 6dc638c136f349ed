# tests/tools/local.mk - the tools, from the shell
check_PROGRAMS += tests/tools/mkpic
tests_tools_mkpic_SOURCES = tests/tools/mkpic.c
tests_tools_mkpic_LDADD = libcnnimg/libcnnimg.la $(LIBM)

tool_tests = \
	tests/tools/folders.sh tests/tools/formats.sh tests/tools/interrupt.sh tests/tools/json.sh \
	tests/tools/models.sh tests/tools/options.sh tests/tools/same-bytes.sh
dist_check_SCRIPTS += $(tool_tests)
TESTS += $(tool_tests)
EXTRA_DIST += tests/tools/lib.sh
