# tests/local.mk - tests that belong to no room
dist_check_SCRIPTS += tests/check-house.sh tests/check-exports.sh tests/check-samples.sh
TESTS += tests/check-house.sh tests/check-exports.sh tests/check-samples.sh

# make mutants: breaks the library in small ways, one at a time; make check must turn red each time
EXTRA_DIST += tests/mutants
.PHONY: mutants
mutants:
	$(srcdir)/tests/mutants/run.sh

# make check-aarch64: cross-compiles in ./build-aarch64 and runs the tests there under an emulator
EXTRA_DIST += tests/cross-aarch64.sh
.PHONY: check-aarch64
check-aarch64:
	$(srcdir)/tests/cross-aarch64.sh
