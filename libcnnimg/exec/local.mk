libcnnimg_libci_la_SOURCES += \
  libcnnimg/exec/exec.h \
  libcnnimg/exec/plan.h \
  libcnnimg/exec/plan.c \
  libcnnimg/exec/shapes.c \
  libcnnimg/exec/stream.c
