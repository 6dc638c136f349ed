# tests/helper - the program that reads HDF5 and MAT files
check_PROGRAMS += tests/helper/test_attacks
TESTS += tests/helper/test_attacks
tests_helper_test_attacks_SOURCES = tests/helper/test_attacks.c
EXTRA_DIST += tests/helper/data tests/helper/make_attacks.py

if HAVE_HDF5
if HAVE_MATIO
check_PROGRAMS += tests/helper/test_damage
TESTS += tests/helper/test_damage
tests_helper_test_damage_SOURCES = tests/helper/test_damage.c
tests_helper_test_damage_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_helper_test_damage_LDADD = helper/libhelper.la $(LDADD)
endif
endif
