# tasks - what a user asks for
libcnnimg_libci_la_SOURCES += \
  libcnnimg/tasks/eigen.c \
  libcnnimg/tasks/job.c \
  libcnnimg/tasks/job.h \
  libcnnimg/tasks/network.c \
  libcnnimg/tasks/network.h \
  libcnnimg/tasks/noise.c \
  libcnnimg/tasks/noise.h \
  libcnnimg/tasks/roles.c \
  libcnnimg/tasks/rows.c \
  libcnnimg/tasks/rows.h
