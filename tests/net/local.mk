# tests/net/local.mk
net_tests = tests/net/test_build tests/net/test_graph tests/net/test_map tests/net/test_simplify tests/net/test_store
check_PROGRAMS += $(net_tests)
TESTS += $(net_tests)
tests_net_test_build_SOURCES = tests/net/test_build.c tests/net/interpret.c tests/net/interpret.h
tests_net_test_build_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/net/make_build.py tests/net/test_build.txt
tests_net_test_graph_SOURCES = tests/net/test_graph.c
tests_net_test_map_SOURCES = tests/net/test_map.c
tests_net_test_simplify_SOURCES = tests/net/test_simplify.c tests/net/interpret.c tests/net/interpret.h
tests_net_test_simplify_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_net_test_store_SOURCES = tests/net/test_store.c
