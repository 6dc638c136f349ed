# tasks - what a user asks for
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tasks/alpha.c \
	libcnnimg/tasks/augment.c libcnnimg/tasks/augment.h \
	libcnnimg/tasks/bleed.c libcnnimg/tasks/bleed.h \
	libcnnimg/tasks/card.c libcnnimg/tasks/card.h \
	libcnnimg/tasks/card_file.c \
	libcnnimg/tasks/chain.c libcnnimg/tasks/chain.h \
	libcnnimg/tasks/copies.c libcnnimg/tasks/copies.h \
	libcnnimg/tasks/chroma.c \
	libcnnimg/tasks/colorize.c libcnnimg/tasks/colorize.h libcnnimg/tasks/colorize_state.h \
	libcnnimg/tasks/colorize_cells.c \
	libcnnimg/tasks/colorize_grey.c \
	libcnnimg/tasks/colorize_hints.c \
	libcnnimg/tasks/colorize_net.c \
	libcnnimg/tasks/colorize_obey.c \
	libcnnimg/tasks/colorize_run.c \
	libcnnimg/tasks/colorize_small.c \
	libcnnimg/tasks/deblur.c libcnnimg/tasks/deblur.h libcnnimg/tasks/deblur_state.h \
	libcnnimg/tasks/deblur_field.c libcnnimg/tasks/deblur_field.h \
	libcnnimg/tasks/deblur_kernel.c libcnnimg/tasks/deblur_kernel.h \
	libcnnimg/tasks/deblur_run.c \
	libcnnimg/tasks/deliver.c \
	libcnnimg/tasks/detail.c \
	libcnnimg/tasks/diffuse.c libcnnimg/tasks/diffuse.h libcnnimg/tasks/diffuse_state.h \
	libcnnimg/tasks/diffuse_solve.c \
	libcnnimg/tasks/doubt.c libcnnimg/tasks/doubt.h \
	libcnnimg/tasks/eigen.c \
	libcnnimg/tasks/facts.c libcnnimg/tasks/facts.h \
	libcnnimg/tasks/family.c libcnnimg/tasks/family.h \
	libcnnimg/tasks/feather.c \
	libcnnimg/tasks/feed.c \
	libcnnimg/tasks/fit.c libcnnimg/tasks/fit.h \
	libcnnimg/tasks/fix_color.c \
	libcnnimg/tasks/guide.c libcnnimg/tasks/guide.h \
	libcnnimg/tasks/holes.c libcnnimg/tasks/holes.h \
	libcnnimg/tasks/inpaint.c libcnnimg/tasks/inpaint.h libcnnimg/tasks/inpaint_state.h \
	libcnnimg/tasks/inpaint_fill.c \
	libcnnimg/tasks/inpaint_net.c \
	libcnnimg/tasks/inpaint_run.c \
	libcnnimg/tasks/job.c libcnnimg/tasks/job.h libcnnimg/tasks/job_state.h \
	libcnnimg/tasks/job_run.c \
	libcnnimg/tasks/lab.c libcnnimg/tasks/lab.h \
	libcnnimg/tasks/lineart.c libcnnimg/tasks/lineart.h \
	libcnnimg/tasks/lineart_flow.c \
	libcnnimg/tasks/lineart_hints.c \
	libcnnimg/tasks/network.c libcnnimg/tasks/network.h \
	libcnnimg/tasks/noise.c libcnnimg/tasks/noise.h \
	libcnnimg/tasks/noise_luma.c \
	libcnnimg/tasks/parts.c libcnnimg/tasks/parts.h \
	libcnnimg/tasks/patch.c libcnnimg/tasks/patch.h libcnnimg/tasks/patch_state.h \
	libcnnimg/tasks/patch_blend.c libcnnimg/tasks/patch_field.c libcnnimg/tasks/patch_level.c libcnnimg/tasks/patch_match.c \
	libcnnimg/tasks/patch_peel.c libcnnimg/tasks/patch_vote.c \
	libcnnimg/tasks/picture.c libcnnimg/tasks/picture.h \
	libcnnimg/tasks/points.c \
	libcnnimg/tasks/poisson.c libcnnimg/tasks/poisson.h \
	libcnnimg/tasks/rects.c libcnnimg/tasks/rects.h \
	libcnnimg/tasks/resample.c libcnnimg/tasks/resample.h \
	libcnnimg/tasks/rows.c libcnnimg/tasks/rows.h \
	libcnnimg/tasks/sigma.c libcnnimg/tasks/sigma.h \
	libcnnimg/tasks/size.c libcnnimg/tasks/size.h \
	libcnnimg/tasks/stage.h \
	libcnnimg/tasks/spread.c libcnnimg/tasks/spread.h \
	libcnnimg/tasks/strength.c \
	libcnnimg/tasks/strokes.c \
	libcnnimg/tasks/sums.c libcnnimg/tasks/sums.h \
	libcnnimg/tasks/tensors.c libcnnimg/tasks/tensors.h \
	libcnnimg/tasks/turn.c libcnnimg/tasks/turn.h \
	libcnnimg/tasks/windows.c \
	libcnnimg/tasks/wrap.c libcnnimg/tasks/wrap.h
