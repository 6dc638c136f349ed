# tests/local.mk - tests that belong to no room
dist_check_SCRIPTS += tests/check-house.sh tests/check-exports.sh tests/check-samples.sh
TESTS += tests/check-house.sh tests/check-exports.sh tests/check-samples.sh

# make mutants: breaks the library in small ways, one at a time; make check must turn red each time
EXTRA_DIST += tests/mutants
.PHONY: mutants
mutants:
	$(srcdir)/tests/mutants/run.sh
