# tasks - what a user asks for
libcnnimg_libci_la_SOURCES += \
	libcnnimg/tasks/card.c libcnnimg/tasks/card.h \
	libcnnimg/tasks/card_file.c \
	libcnnimg/tasks/eigen.c \
	libcnnimg/tasks/facts.c libcnnimg/tasks/facts.h \
	libcnnimg/tasks/family.c libcnnimg/tasks/family.h \
	libcnnimg/tasks/feed.c \
	libcnnimg/tasks/fit.c libcnnimg/tasks/fit.h \
	libcnnimg/tasks/job.c libcnnimg/tasks/job.h libcnnimg/tasks/job_state.h \
	libcnnimg/tasks/job_run.c \
	libcnnimg/tasks/network.c libcnnimg/tasks/network.h \
	libcnnimg/tasks/noise.c libcnnimg/tasks/noise.h \
	libcnnimg/tasks/picture.c libcnnimg/tasks/picture.h \
	libcnnimg/tasks/rows.c libcnnimg/tasks/rows.h \
	libcnnimg/tasks/tensors.c libcnnimg/tasks/tensors.h
