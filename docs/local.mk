# docs/local.mk - `make docs` renders cnnimg.h and docs/link.md; nothing of it is installed
EXTRA_DIST += docs/link.md docs/Doxyfile.in

.PHONY: docs
docs: docs/Doxyfile
	@test "$(DOXYGEN)" != no || { echo "make docs needs doxygen (Debian: apt-get install doxygen), then ./configure again" >&2; exit 1; }
	$(AM_V_GEN)$(DOXYGEN) docs/Doxyfile
	@echo "open $(abs_top_builddir)/docs/html/index.html"

clean-local: clean-docs
clean-docs:
	-rm -rf docs/html
.PHONY: clean-docs

# The program of link.md compiles and runs as it stands there.
dist_check_SCRIPTS += docs/check-link.sh
TESTS += docs/check-link.sh
