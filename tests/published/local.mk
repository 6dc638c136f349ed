# tests/published - published weight files with their authors' answers, which are not part of the tree
check_PROGRAMS += tests/published/published
tests_published_published_SOURCES = tests/published/published.c tests/published/published.h tests/published/case.c \
	tests/published/tensors.c tests/published/model.c tests/published/model.h tests/formats/feed.c tests/formats/feed.h \
	tests/formats/folder.c tests/formats/folder.h tests/bench/npy.c tests/bench/npy.h
tests_published_published_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/published/psnr.py

# make check-published WEIGHTS=DIR [BENCH=DIR] [PYTHON_WITH=python3]: HACKING.md says how the trees are laid out
WEIGHTS =
BENCH =
PYTHON_WITH = python3
.PHONY: check-published
check-published: tests/published/published$(EXEEXT) all
	@test -n '$(WEIGHTS)' || { echo 'make check-published WEIGHTS=DIR [BENCH=DIR]'; exit 2; }
	@rm -f tests/published/psnr.txt
	@test -z '$(BENCH)' || { $(AM_TESTS_ENVIRONMENT) $(PYTHON_WITH) -B $(srcdir)/tests/published/psnr.py \
		--program tests/published/published --weights '$(WEIGHTS)' --bench '$(BENCH)' --to tests/published/psnr.txt; } || \
		echo 'PSNR is not measured: psnr.py needs a Python with numpy and Pillow (PYTHON_WITH=...)'
	@$(AM_TESTS_ENVIRONMENT) \
		tests/published/published $$(test -f tests/published/psnr.txt && echo --psnr tests/published/psnr.txt) '$(WEIGHTS)'
CLEANFILES += tests/published/psnr.txt
